"""Addresses of the organisation's own pages; those of allauth are in ``account_urls``."""

from django.urls import path

from spm.org import views

app_name = "org"
urlpatterns = [
    path("invitation/<str:token>/", views.invitation, name="invitation"),
    path("sessions/<int:pk>/end/", views.session_end, name="session-end"),
]
