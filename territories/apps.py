from django.apps import AppConfig


class TerritoriesConfig(AppConfig):
    name = "territories"

    def ready(self) -> None:
        from territories import anchors, audit_words, guards, notices  # noqa: F401, PLC0415  # each registers its words
