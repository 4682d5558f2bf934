from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "spm.imports"
    label = "imports"
