"""/setup/imports/…"""

from django.urls import path

from spm.imports import views

app_name = "imports"
urlpatterns = [
    path("", views.batch_list, name="list"),
    path("new/", views.kind_list, name="kinds"),
    path("new/<slug:kind>/", views.upload, name="create"),
    path("templates/<slug:kind>.xlsx", views.template, name="template"),
    path("samples/<slug:kind>.xlsx", views.sample, name="sample"),
    path("<int:pk>/", views.batch_detail, name="detail"),
    path("<int:pk>/mapping/", views.batch_map, name="map"),
    path("<int:pk>/commit/", views.batch_commit, name="commit"),
    path("<int:pk>/teams/", views.batch_teams, name="teams"),
    path("<int:pk>/undo/", views.batch_undo, name="undo"),
    path("<int:pk>/refused.csv", views.batch_refused, name="refused"),
]
