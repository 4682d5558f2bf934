"""Every address of the application, written out, so that one can grep from an address to its view."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
]
