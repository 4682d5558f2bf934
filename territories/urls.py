"""Territories: the one-page plans. Pages about people by year and person, verbs by key."""

from django.urls import path

from territories import plan_views

app_name = "territories"
urlpatterns = [
    path("plans/<str:year>/<int:pk>/", plan_views.plan_detail, name="plan-detail"),
    path("plans/<int:pk>/begin/", plan_views.plan_begin, name="plan-begin"),
    path("plans/<int:pk>/save/", plan_views.plan_save, name="plan-save"),
    path("plans/<int:pk>/lines/<int:line>/restore/", plan_views.line_restore, name="plan-line-restore"),
]
