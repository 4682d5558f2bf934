"""The Celery application: how messages travel. What is to be done stands in the Job rows (spm.jobs)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spm.settings")

RUN_TASK = "spm.jobs.run"
TICK_TASK = "spm.jobs.tick"

app = Celery("spm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
