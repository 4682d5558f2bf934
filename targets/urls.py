"""Targets: plan, targets and quotas by fiscal year."""

from django.urls import path

from targets import views

app_name = "targets"
urlpatterns = [
    path("", views.year_list, name="year-list"),
    path("<str:year>/", views.year_detail, name="year"),
    path("<str:year>/company/", views.company_grid, name="company"),
    path("<str:year>/teams/", views.team_grid, name="teams"),
    path("<str:year>/territories/", views.territory_grid, name="territories"),
    path("<str:year>/quotas/", views.quota_grid, name="quotas"),
    path("<str:year>/quotas/<int:pk>/", views.quota_detail, name="quota"),
    path("<str:year>/teams/<int:pk>/", views.team_detail, name="team"),
    path("<str:year>/baseline/", views.baseline_freeze, name="baseline"),
]
