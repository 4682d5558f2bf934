"""Production settings that leave a door open are refused: by ``manage.py check`` and by every process that starts."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

SHORTEST_KEY = 50
SAMPLE_WORDS = ("change", "sample", "example", "insecure", "secret", "replace")
"""Words of which a key copied from documentation is made."""


def open_doors() -> list[str]:
    """What production must not start with, one sentence each; nothing for an embedded installation."""
    if not settings.PRODUCTION:
        return []
    rules = [
        (settings.DEBUG, "SPM_DEBUG is on: error pages would show source code and settings."),
        (_is_weak(settings.SECRET_KEY), f"SPM_SECRET_KEY must be {SHORTEST_KEY} random characters or more."),
        (not settings.ALLOWED_HOSTS, "SPM_ALLOWED_HOSTS is empty: name the hosts that people use."),
        ("*" in settings.ALLOWED_HOSTS, "SPM_ALLOWED_HOSTS must not be *."),
        (
            settings.TRUSTED_PROXIES < 0,
            "SPM_TRUSTED_PROXIES is not set: say how many proxies stand before SPM (0 for none).",
        ),
        (
            not settings.DATABASE_URL.startswith(("postgres://", "postgresql://")),
            "DATABASE_URL must name a PostgreSQL database.",
        ),
        (not settings.BROKER_URL, "BROKER_URL is not set: background work needs Valkey or Redis."),
        (not settings.CACHE_URL, "CACHE_URL is not set: sign-in limits need a cache that all processes share."),
        (
            bool(settings.CACHE_URL) and settings.CACHE_URL == settings.BROKER_URL,
            "CACHE_URL must be another database than BROKER_URL: a full cache must not drop queues.",
        ),
        (not settings.EMAIL_URL, "EMAIL_URL is not set: invitations and password resets need a mail server."),
        ("@localhost" in settings.DEFAULT_FROM_EMAIL, "SPM_MAIL_FROM is not set: mails need a sender."),
    ]
    return [sentence for is_open, sentence in rules if is_open]


def refuse_open_doors() -> None:
    """Called where a production process starts. Raises ImproperlyConfigured with all that is wrong."""
    found = open_doors()
    if found:
        raise ImproperlyConfigured("SPM does not start in production like this:\n  " + "\n  ".join(found))


@register("spm")
def check_open_doors(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    return [Error(sentence, id=f"spm.E{number:03}") for number, sentence in enumerate(open_doors(), start=1)]


def _is_weak(key: str) -> bool:
    words = any(word in key.lower() for word in SAMPLE_WORDS)
    return len(key) < SHORTEST_KEY or len(set(key)) < 10 or words
