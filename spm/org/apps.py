from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.module_loading import autodiscover_modules
from simple_history.signals import pre_create_historical_record


class OrgConfig(AppConfig):
    name = "spm.org"
    label = "org"

    def ready(self) -> None:
        from spm.org import guards, long_lists, retries, sentinels, tracking  # noqa: PLC0415  # models load before ready(), not before this module

        invariants = (
            "verification",
            "plan_invariants",
            "rule_invariants",
            "market_invariants",
            "move_invariants",
            "rate_invariants",
            "own_invariants",
        )
        long_lists.register()
        autodiscover_modules("guards", "own_guards", *invariants, "signins")
        pre_create_historical_record.connect(tracking.date_history)
        pre_migrate.connect(retries.hurry_locks, sender=self)  # before the guards, which need locks themselves
        post_migrate.connect(retries.reset_limits, sender=self)
        pre_migrate.connect(guards.drop_before_migrate, sender=self)
        post_migrate.connect(sentinels.ensure_house, sender=self)
        post_migrate.connect(guards.install_after_migrate, sender=self)
