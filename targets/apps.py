from django.apps import AppConfig


class TargetsConfig(AppConfig):
    name = "targets"

    def ready(self) -> None:
        from spm.org.signals import facts_moved, facts_moving  # noqa: PLC0415  # models load before ready(), not before this module
        from targets import anchors, audit_words, notices  # noqa: F401, PLC0415  # each registers its words
        from targets.staleness import on_facts_moved, on_facts_moving  # noqa: PLC0415  # it reads models

        facts_moving.connect(on_facts_moving, dispatch_uid="targets.staleness.lock")
        facts_moved.connect(on_facts_moved, dispatch_uid="targets.staleness")
