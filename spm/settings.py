"""Settings: one typed file, read from the environment. A malformed value stops the start with its name.

Two ways to run. *Embedded* (the default): everything under SPM_DATA_DIR, no server to install. *Production*
(SPM_ENV=production): PostgreSQL, a broker, HTTPS; nothing may be left open, see ``spm.org.checks``. Every secret can
also come from a file: SPM_SECRET_KEY_FILE and so on. docs/operations.md lists all variables.
"""

import secrets
from pathlib import Path
from typing import Any

import dj_database_url
import dj_email_url
import django_stubs_ext
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _
from environs import Env, validate

from spm import logs

django_stubs_ext.monkeypatch()  # lets models.Field[…] be written with its type arguments

VERSION = "0.1.0"
BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()


def secret(name: str, default: str = "") -> str:
    """A setting from the environment, or from the file that ``<name>_FILE`` names."""
    path = env.path(f"{name}_FILE", None)
    return path.read_text(encoding="utf-8").strip() if path else env.str(name, default)


# How it runs ----------------------------------------------------------------------------------------------------------

ENVIRONMENT = env.str("SPM_ENV", "embedded", validate=validate.OneOf(["embedded", "production"]))
PRODUCTION = ENVIRONMENT == "production"
DEBUG = env.bool("SPM_DEBUG", False)
# An empty one counts as none: as a path it would be the folder the command happens to be called from.
DATA_DIR = Path(env.str("SPM_DATA_DIR", "") or BASE_DIR / "var" / "main").resolve()
BASE_URL = env.str("SPM_BASE_URL", "http://127.0.0.1:8000").rstrip("/")  # for links in mails and on the console
ALLOWED_HOSTS = env.list("SPM_ALLOWED_HOSTS", [] if PRODUCTION else ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("SPM_TRUSTED_ORIGINS", [])
TRUSTED_PROXIES = env.int("SPM_TRUSTED_PROXIES", -1 if PRODUCTION else 0)  # -1: left open, which production refuses


def embedded_secret_key() -> str:
    """The key of an embedded installation: made at the first start, kept beside its data, readable by its owner."""
    path = DATA_DIR / "secret_key"
    if not path.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(64), encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()


SECRET_KEY = secret("SPM_SECRET_KEY") or ("" if PRODUCTION else embedded_secret_key())
SECRET_KEY_FALLBACKS: list[str] = env.list("SPM_SECRET_KEY_FALLBACKS", [])

# Applications ---------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.forms",  # its templates, which FORM_RENDERER looks for
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "django_tables2",
    "django_filters",
    "simple_history",
    "django_structlog",
    "health_check",
    "spm.ui",
    "spm.org",
    "spm.jobs",
    "spm.imports",
    "spm.talk",
    "spm.market",
    "targets",
    "territories",
    "spm.dashboards",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "spm.org.current.CompanyMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "spm.ui.middleware.LanguageMiddleware",
    "spm.org.middleware.ZoneMiddleware",
    "spm.ui.middleware.PlainTextMiddleware",
    "spm.ui.middleware.BusyMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "spm.org.middleware.SessionRules",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]

ROOT_URLCONF = "spm.urls"
WEB_WORKERS = env.int("SPM_WEB_WORKERS", 2)
WSGI_APPLICATION = "spm.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "spm.ui.templates.Templates",
        "NAME": "django",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "spm.dashboards.shell.context",
            ],
        },
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Data -----------------------------------------------------------------------------------------------------------------

SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
}


def sqlite(path: Path) -> dict[str, Any]:
    """The settings of one SQLite file."""
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": SQLITE_OPTIONS}


# How long PostgreSQL lets a process wait, in seconds. Web: below the 30 s after which gunicorn ends a request. Work
# (jobs, commands): a statement that outlives its job's time limit belongs to nobody.
PROCESS = env.str("SPM_PROCESS", "work", validate=validate.OneOf(["web", "work"]))
DATABASE_LIMITS = {
    "web": {
        "lock_timeout": env.int("SPM_DB_LOCK_SECONDS", 10),
        "statement_timeout": env.int("SPM_DB_STATEMENT_SECONDS", 25),
        "idle_in_transaction_session_timeout": env.int("SPM_DB_IDLE_SECONDS", 60),
    },
    "work": {"lock_timeout": 120, "statement_timeout": 900, "idle_in_transaction_session_timeout": 900},
}


def postgresql(url: str) -> dict[str, Any]:
    """The settings of a PostgreSQL server, with psycopg's pool (opened after the workers fork) and its limits.

    Server options that the address itself names come last, and so count.
    """
    parsed: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=0, conn_health_checks=True))
    named = parsed.get("OPTIONS", {})
    limits = " ".join(f"-c {name}={seconds}s" for name, seconds in DATABASE_LIMITS[PROCESS].items())
    # Whoever asks while the server is away waits ``timeout`` and is told so. The pool itself gives up sooner, and tries
    # at once for the next who asks: by itself it would wait ever longer, and miss by minutes that the server is back.
    patience, most = env.int("SPM_DB_CONNECT_SECONDS", 10), env.int("SPM_DB_POOL", 4)
    parsed["OPTIONS"] = {
        "connect_timeout": patience,
        **named,
        "options": f"{limits} {named.get('options', '')}".strip(),
        "pool": {"min_size": 1, "max_size": most, "timeout": patience, "reconnect_timeout": patience // 2},
    }
    return parsed


DATABASE_URL = secret("DATABASE_URL")
CACHE_URL = secret("CACHE_URL")
DATABASES = {"default": postgresql(DATABASE_URL) if DATABASE_URL else sqlite(DATA_DIR / "spm.sqlite3")}
DATABASE_ROUTERS = ["spm.ui.routers.CacheRouter"]
if CACHE_URL:
    CACHES: dict[str, dict[str, Any]] = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": CACHE_URL}
    }
else:
    # Login limits and the guard against replayed codes live in the cache, so all processes must share it.
    DATABASES["cache"] = sqlite(DATA_DIR / "cache.sqlite3")
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "spm_cache"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS: list[str] = []

# Jobs -----------------------------------------------------------------------------------------------------------------

# Without a broker jobs run in the process that asks for them; `demo` and `up` start one and set this.
BROKER_URL = secret("BROKER_URL")
JOBS_IN_PROCESS = not BROKER_URL
# One place for all of these, pinned by tests/jobs/test_settings.py; reliability.md §2 says which failure each avoids.
CELERY_BROKER_URL = BROKER_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,  # seconds; whoever asks for a job does not wait for a broker that stands still
    "socket_connect_timeout": 5,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 900
CELERY_TASK_SOFT_TIME_LIMIT = 840
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = env.int("SPM_WORKERS", 2)
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 600_000  # kB
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {"tick": {"task": "spm.jobs.tick", "schedule": 60.0}}  # what it does: spm/jobs/schedule.py
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")

# People and sessions --------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "org.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "spm.org.passwords.MaximumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "spm.org.passwords.CompanyNameValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "spm.jobs.adapters.AccountAdapter"  # over spm.org.adapters
ACCOUNT_FORMS = {
    "login": "spm.org.account_forms.SignInForm",
    "reset_password": "spm.org.account_forms.ForgottenForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # people do not register; an admin vouches for the address
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True  # no box to tick: idle and absolute ages say how long
MFA_ADAPTER = "spm.org.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "SPM"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # see ACCOUNT_EMAIL_VERIFICATION
USERSESSIONS_TRACK_ACTIVITY = False  # a write on every request would take SQLite's one write lock
ALLAUTH_TRUSTED_PROXY_COUNT = max(TRUSTED_PROXIES, 0)
SESSION_COOKIE_AGE = 8 * 3600  # idle
SECOND_FACTOR_URL = "mfa_index"  # where admins without a second factor are led, if the company requires one
SESSION_ABSOLUTE_AGE = 24 * 3600  # enforced by spm.org.middleware
SESSION_RENEW_AFTER = 300  # seconds of use after which the idle time starts over
SESSION_SAVE_EVERY_REQUEST = False  # the middleware renews it every few minutes, for the same reason

# Mail -----------------------------------------------------------------------------------------------------------------

EMAIL_URL = secret("EMAIL_URL")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("SPM_MAIL_FROM", "SPM <spm@localhost>")


def mailer(url: str) -> dict[str, Any]:
    """The mailer that ``url`` names: submission://user:password@host:587, smtp://host:25?ssl=1.

    Without a mail server mails are kept as files, and links are shown to the admin instead.
    """
    if not url:
        return {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": str(DATA_DIR / "mail")},
        }
    mail = dj_email_url.parse(url)
    if not mail.get("EMAIL_BACKEND", "").endswith("smtp.EmailBackend"):
        raise ValueError(f"EMAIL_URL must start with smtp:// or submission://, not {url.split(':')[0]}://")
    return {
        "BACKEND": mail["EMAIL_BACKEND"],
        "OPTIONS": {
            "host": mail["EMAIL_HOST"],
            "port": mail["EMAIL_PORT"],
            "username": mail["EMAIL_HOST_USER"],
            "password": mail["EMAIL_HOST_PASSWORD"],
            "use_tls": mail["EMAIL_USE_TLS"],
            "use_ssl": mail["EMAIL_USE_SSL"],
            "timeout": mail["EMAIL_TIMEOUT"] or 20,
        },
    }


MAILERS = {"default": mailer(EMAIL_URL)}

# Language, time -------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "spm" / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

# Static files ---------------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = env.path("SPM_STATIC_ROOT", DATA_DIR / "static")  # the image brings its own
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "spm.ui.finders.VendorFinder",  # the few files in use out of Bootstrap, htmx and Plotly
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        # Compressing takes seconds and pays on a network only.
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    },
}

# Security -------------------------------------------------------------------------------------------------------------

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "spm.ui.error_pages.csrf_failure"
METRICS_TOKEN = secret("SPM_METRICS_TOKEN")  # without it there is no /health/metrics/
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = False  # htmx reads the token from the form, but the theme toggle's fetch needs the cookie
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.bool("SPM_SSL_REDIRECT", True)
    SECURE_REDIRECT_EXEMPT = [r"^health/"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES > 0 else None
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"

# What one person may ask for: (times, within so many seconds). Sign-in limits are allauth's own.
LIMITS = {"import": (60, 600), "export": (60, 600), "search": (120, 60), "retry": (30, 600)}

# Imports (limits of reliability.md §2) --------------------------------------------------------------------------------

IMPORT_MAX_BYTES = env.int("SPM_IMPORT_MAX_BYTES", 100 * 1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# The pictures of every component; for developers, so hidden in production.
STYLEGUIDE = env.bool("SPM_STYLEGUIDE", DEBUG)

# Demo -----------------------------------------------------------------------------------------------------------------

TODAY = env.date("SPM_TODAY", None)  # where the demo's clock stands; its story is told on 2026-09-18
DEMO = env.bool("SPM_DEMO", False)  # set by `manage.py demo`: the sign-in page then offers the roles with one click

# Logs -----------------------------------------------------------------------------------------------------------------

LOG_FORMAT = env.str(
    "SPM_LOG_FORMAT", "json" if PRODUCTION else "console", validate=validate.OneOf(["json", "console"])
)
# Of what goes well, production tells; the console of somebody who tries SPM out stays quiet.
LOG_LEVEL = env.str("SPM_LOG_LEVEL", "INFO" if PRODUCTION else "WARNING")
LOGGING = logs.configuration(LOG_FORMAT, LOG_LEVEL, others=env.str("SPM_LOG_LEVEL", "WARNING"))
logs.configure()
