"""The settings under test: the shipped ones, with what slows tests down replaced in this one place."""

import os
import tempfile
from pathlib import Path

if "SPM_DATA_DIR" not in os.environ:
    os.environ["SPM_DATA_DIR"] = os.environ["SPM_TEST_DATA_DIR"] = tempfile.mkdtemp(prefix="spm-test-")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop runs in the thread of the tests
os.environ.pop("BROKER_URL", None)

from spm.settings import *  # noqa: E402, F403
from spm.settings import DATA_DIR, DATABASES, STATIC_ROOT  # noqa: E402

STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns where there is none
LIMITS = dict.fromkeys(["import", "export", "search", "retry"], (10**9, 60))  # sweeps ask for more than any person does
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Manifest storage answers 404 under live_server.
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
DATABASES = {"default": DATABASES["default"]}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: crash tests fork, and live_server has threads.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(DATA_DIR) / "test.sqlite3")}
elif "SPM_TEST_POOL" not in os.environ:  # a web server that a test started keeps it
    DATABASES["default"]["OPTIONS"].pop("pool", None)
if "SPM_TEST_DATABASE" in os.environ:  # a worker that a test started: on the database and broker of that test
    DATABASES["default"]["NAME"] = os.environ["SPM_TEST_DATABASE"]
    BROKER_URL = CELERY_BROKER_URL = os.environ["SPM_TEST_BROKER"]
    JOBS_IN_PROCESS = False
