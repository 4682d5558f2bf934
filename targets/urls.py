"""Targets: plan, targets and quotas by fiscal year."""

from django.urls import path

from targets import allocation_views, company_views, cycle_views, letter_views, revision_views, version_views, views

app_name = "targets"
urlpatterns = [
    path("", cycle_views.year_list, name="year-list"),
    path("create/", cycle_views.cycle_create, name="cycle-create"),
    path("<str:year>/", cycle_views.year_detail, name="year"),
    path("<str:year>/edit/", cycle_views.cycle_edit, name="cycle-edit"),
    path("<str:year>/advance/", cycle_views.cycle_advance, name="cycle-advance"),
    path("<str:year>/back/", cycle_views.cycle_back, name="cycle-back"),
    path("<str:year>/company/", company_views.company, name="company"),
    path("<str:year>/company/paste/", company_views.company_paste, name="company-paste"),
    path("<str:year>/company/spread/", company_views.company_spread_total, name="company-spread"),
    path("<str:year>/company/undo/", company_views.company_undo, name="company-undo"),
    path("<str:year>/company/versions/", version_views.version_list, name="versions"),
    path("<str:year>/company/versions/compare/", version_views.version_compare, name="version-compare"),
    path("<str:year>/company/versions/<int:pk>/restore/", version_views.version_restore, name="version-restore"),
    path("<str:year>/allocate/", allocation_views.allocate, name="allocate"),
    path("<str:year>/allocate/paste/", allocation_views.allocate_paste, name="allocate-paste"),
    path("<str:year>/allocate/spread/", allocation_views.allocate_spread, name="allocate-spread"),
    path("<str:year>/allocate/hold/", allocation_views.allocate_hold, name="allocate-hold"),
    path("<str:year>/allocate/undo/", allocation_views.allocate_undo, name="allocate-undo"),
    path("<str:year>/territories/", views.territory_grid, name="territories"),
    path("<str:year>/quotas/<int:pk>/", letter_views.letter, name="quota"),
    path("<str:year>/quotas/<int:pk>/print/", letter_views.letter_print, name="quota-print"),
    path("<str:year>/quotas/<int:pk>/answer/", letter_views.answer, name="quota-answer"),
    path("<str:year>/quotas/<int:pk>/decide/", letter_views.decide, name="quota-decide"),
    path("<str:year>/review/", letter_views.review, name="review"),
    path("<str:year>/review/send/", letter_views.send, name="review-send"),
    path("<str:year>/propose/", letter_views.propose, name="propose"),
    path("<str:year>/teams/<int:pk>/", views.team_detail, name="team"),
    path("<str:year>/lock/", revision_views.lock, name="lock"),
    path("<str:year>/revisions/", revision_views.revision_list, name="revisions"),
    path("<str:year>/revisions/new/", revision_views.revision_new, name="revision-new"),
    path("<str:year>/revisions/<int:pk>/", revision_views.revision_detail, name="revision"),
    path("<str:year>/revisions/<int:pk>/decide/", revision_views.revision_decide, name="revision-decide"),
]
