from django.apps import AppConfig


class DashboardsConfig(AppConfig):
    name = "spm.dashboards"
    label = "dashboards"
