"""Talk: verbs of threads, and notifications."""

from django.urls import path

from spm.talk import views

app_name = "talk"
urlpatterns = [
    path("talk/say/", views.say, name="say"),
    path("talk/people/", views.people, name="people"),
    path("talk/comments/<int:pk>/edit/", views.edit, name="edit"),
    path("talk/comments/<int:pk>/delete/", views.delete, name="delete"),
    path("talk/threads/<int:pk>/resolve/", views.resolve, name="resolve"),
    path("notifications/", views.notifications, name="notifications"),
    path("notifications/read/", views.read_all, name="read-all"),
    path("notifications/choose/", views.choose, name="choose"),
    path("notifications/<int:pk>/open/", views.open_notification, name="open"),
]
