from django.apps import AppConfig
from django.db.models.signals import post_migrate


class OrgConfig(AppConfig):
    name = "spm.org"
    label = "org"

    def ready(self) -> None:
        from spm.org.sentinels import ensure_house  # noqa: PLC0415  # models load before ready(), not before this module

        post_migrate.connect(ensure_house, sender=self)
