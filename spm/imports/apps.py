from importlib import import_module

from django.apps import AppConfig

from spm.imports.kinds import autodiscover


class ImportsConfig(AppConfig):
    name = "spm.imports"
    label = "imports"

    def ready(self) -> None:
        import_module("spm.imports.organisation")
        import_module("spm.imports.audit_words")  # registers its words
        autodiscover()
