from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "spm.ui"
    label = "ui"
