"""The settings that known failures of queues hang on: a change here needs a reason."""

import spm.jobs.tasks  # noqa: F401  # registers the tasks
from spm.celery import app

PINNED = {
    "broker_transport_options": {
        "visibility_timeout": 3600,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 5,
    },
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "task_ignore_result": True,
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_time_limit": 900,
    "task_soft_time_limit": 840,
    "worker_prefetch_multiplier": 1,
    "worker_enable_remote_control": False,
    "worker_max_tasks_per_child": 500,
    "worker_max_memory_per_child": 600_000,
    "timezone": "UTC",
    "result_backend": None,
}


def test_celery_runs_with_the_pinned_settings():
    assert {name: app.conf[name] for name in PINNED} == PINNED


def test_a_message_never_outlives_its_time_limit():
    assert app.conf.task_time_limit < app.conf.broker_transport_options["visibility_timeout"]


def test_beat_sends_one_message_a_minute_and_it_is_known():
    assert [entry["schedule"] for entry in app.conf.beat_schedule.values()] == [60.0]
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)


def test_one_task_carries_jobs():
    assert {name for name in app.tasks if not name.startswith("celery.")} == {"spm.jobs.run", "spm.jobs.tick"}
