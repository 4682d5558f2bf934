"""Setup pages of admins. Imports and jobs have urls of their own under the same prefix."""

from django.urls import path

from spm.dashboards.setup import (
    calendar_views,
    company_views,
    invite_views,
    log_views,
    people_views,
    ramp_views,
    team_views,
    territory_views,
)

app_name = "setup"
urlpatterns = [
    path("", company_views.overview, name="overview"),
    path("welcome/", company_views.welcome, name="welcome"),
    path("welcome/<slug:part>/skip/", company_views.step_skip, name="step-skip"),
    path("company/", company_views.company_edit, name="company"),
    path("mail/", company_views.mail_test, name="mail"),
    path("calendar/", calendar_views.calendar, name="calendar"),
    path("calendar/<int:pk>/soft-close/", calendar_views.period_soft_close, name="period-soft-close"),
    path("calendar/<int:pk>/close/", calendar_views.period_close, name="period-close"),
    path("calendar/<int:pk>/reopen/", calendar_views.period_reopen, name="period-reopen"),
    path("people/", people_views.person_list, name="people"),
    path("people/new/", people_views.person_create, name="person-create"),
    path("people/invite/", invite_views.people_invite, name="people-invite"),
    path("people/invite/links/", invite_views.people_links, name="people-links"),
    path("people/<int:pk>/", people_views.person_detail, name="person"),
    path("people/<int:pk>/place/", people_views.person_place, name="person-place"),
    path("people/<int:pk>/ramp/", ramp_views.person_ramp, name="person-ramp"),
    path("people/<int:pk>/leave/", people_views.person_leave, name="person-leave"),
    path("people/<int:pk>/sign-out/", people_views.person_sign_out, name="person-sign-out"),
    path("people/<int:pk>/invite/", invite_views.person_invite, name="person-invite"),
    path("teams/", team_views.team_list, name="teams"),
    path("teams/new/", team_views.team_create, name="team-create"),
    path("teams/<int:pk>/", team_views.team_detail, name="team"),
    path("teams/<int:pk>/place/", team_views.team_place, name="team-place"),
    path("teams/<int:pk>/lead/", team_views.team_lead, name="team-lead"),
    path("territories/", territory_views.territory_list, name="territories"),
    path("territories/new/", territory_views.territory_create, name="territory-create"),
    path("territories/<int:pk>/", territory_views.territory_detail, name="territory"),
    path("territories/<int:pk>/assign/", territory_views.territory_assign, name="territory-assign"),
    path("ramps/", ramp_views.ramp_list, name="ramps"),
    path("ramps/new/", ramp_views.ramp_create, name="ramp-create"),
    path("ramps/<int:pk>/", ramp_views.ramp_detail, name="ramp"),
    path("ramps/<int:pk>/delete/", ramp_views.ramp_delete, name="ramp-delete"),
    path("audit/", log_views.audit_log, name="audit"),
]
