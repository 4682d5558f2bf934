"""Which database holds which table."""

from typing import Any


class CacheRouter:
    """Keeps the embedded cache's table in its own file and everything else out of it."""

    def db_for_read(self, model: Any, **hints: object) -> str | None:
        return "cache" if model._meta.app_label == "django_cache" else None

    def db_for_write(self, model: Any, **hints: object) -> str | None:
        return self.db_for_read(model)

    def allow_migrate(self, db: str, app_label: str, **hints: object) -> bool | None:
        if db == "cache" or app_label == "django_cache":
            return db == "cache" and app_label == "django_cache"
        return None
