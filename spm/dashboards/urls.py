"""Addresses of the pages that quote more than one app."""

from django.urls import path

from spm.dashboards import views_demo, views_personal

app_name = "dashboards"
urlpatterns = [
    path("search/", views_personal.search, name="search"),
    path("settings/", views_personal.settings, name="settings"),
    path("settings/theme/", views_personal.theme, name="theme"),
    path("accounts/demo/", views_personal.demo_sign_in, name="demo-sign-in"),
    path("setup/demo/remove/", views_demo.demo_remove, name="demo-remove"),
]
