from django.apps import AppConfig
from django.db.models.signals import post_migrate


class MarketConfig(AppConfig):
    name = "spm.market"
    label = "market"

    def ready(self) -> None:
        from spm.market.sentinels import ensure_unassigned  # noqa: PLC0415  # models load before ready(), not before this module

        post_migrate.connect(ensure_unassigned, sender=self)
