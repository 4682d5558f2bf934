"""Addresses of the pages that quote more than one app."""

from django.urls import path

from spm.dashboards import views, views_demo, views_personal, views_print, views_saved, views_white

app_name = "dashboards"
urlpatterns = [
    path("", views.home, name="home"),
    path("performance/", views.performance, name="performance"),
    path("performance/print/", views_print.performance_print, name="performance-print"),
    path("performance/teams/<int:pk>/", views.team, name="team"),
    path("performance/teams/<int:pk>/print/", views_print.team_print, name="team-print"),
    path("performance/reps/<int:pk>/", views.rep, name="rep"),
    path("performance/reps/<int:pk>/print/", views_print.rep_print, name="rep-print"),
    path("performance/actuals/", views.actuals, name="actuals"),
    path("territories/", views.territories, name="territories"),
    path("territories/white-space/", views_white.white, name="white-space"),
    path("territories/white-space/cell/", views_white.cell, name="white-cell"),
    path("territories/<int:pk>/", views.territory, name="territory"),
    path("coaching/", views.coaching, name="coaching"),
    path("meetings/", views.meetings, name="meetings"),
    path("views/", views_saved.saved_list, name="saved-list"),
    path("views/new/", views_saved.saved_create, name="saved-create"),
    path("views/unsubscribe/<str:token>/", views_saved.unsubscribe, name="saved-unsubscribe"),
    path("views/<int:pk>/", views_saved.saved_edit, name="saved-edit"),
    path("views/<int:pk>/store/", views_saved.saved_store, name="saved-store"),
    path("views/<int:pk>/delete/", views_saved.saved_delete, name="saved-delete"),
    path("views/<int:pk>/restore/", views_saved.saved_restore, name="saved-restore"),
    path("search/", views_personal.search, name="search"),
    path("settings/", views_personal.settings, name="settings"),
    path("settings/theme/", views_personal.theme, name="theme"),
    path("settings/density/", views_personal.density, name="density"),
    path("accounts/demo/", views_personal.demo_sign_in, name="demo-sign-in"),
    path("setup/demo/load/", views_demo.demo_load, name="demo-load"),
    path("setup/demo/remove/", views_demo.demo_remove, name="demo-remove"),
]
