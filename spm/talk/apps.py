from django.apps import AppConfig


class TalkConfig(AppConfig):
    name = "spm.talk"
    label = "talk"
