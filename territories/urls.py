"""Territories: accounts with their maps, the one-page plans. Pages about people by year and person, verbs by key."""

from django.urls import path

from territories import account_plan_views, account_views, plan_board_views, plan_flow_views, plan_views, rule_views

app_name = "territories"
urlpatterns = [
    path("accounts/", account_views.account_list_page, name="account-list"),
    path("accounts/<int:pk>/", account_views.account_detail, name="account-detail"),
    path("accounts/<int:pk>/print/", account_views.account_print, name="account-print"),
    path("accounts/<int:pk>/plan/<str:year>/", account_plan_views.account_plan, name="account-plan"),
    path("accounts/<int:pk>/plan/<str:year>/save/", account_plan_views.account_plan_save, name="account-plan-save"),
    path(
        "accounts/<int:pk>/plan/<str:year>/objectives/<int:objective>/restore/",
        account_plan_views.objective_restore,
        name="objective-restore",
    ),
    path("accounts/<int:pk>/plan/<str:year>/review/", account_plan_views.review_schedule, name="account-review"),
    path("accounts/reviews/<int:pk>/hold/", account_plan_views.review_hold, name="account-review-hold"),
    path("accounts/<int:pk>/save/", account_views.map_save, name="map-save"),
    path("accounts/<int:pk>/people/<int:person>/restore/", account_views.person_restore, name="map-person-restore"),
    path("accounts/<int:pk>/steps/<int:step>/restore/", account_views.step_restore, name="map-step-restore"),
    path("rules/", rule_views.rule_set_list, name="rule-sets"),
    path("rules/<int:pk>/", rule_views.rule_set_detail, name="rule-set"),
    path("rules/<int:pk>/rules/<int:rule>/", rule_views.rule_edit, name="rule-edit"),
    path("rules/<int:pk>/rules/<int:rule>/delete/", rule_views.rule_delete, name="rule-delete"),
    path("rules/<int:pk>/preview/", rule_views.rule_set_preview, name="rule-set-preview"),
    path("rules/<int:pk>/activate/", rule_views.rule_set_activate, name="rule-set-activate"),
    path("rules/<int:pk>/discard/", rule_views.rule_set_discard, name="rule-set-discard"),
    path("plans/", plan_board_views.plan_board_page, name="plan-board"),
    path("plans/form/<str:year>/", plan_board_views.template_edit, name="template"),
    path("plans/form/<str:year>/roll-out/", plan_board_views.roll_out, name="roll-out"),
    path("plans/files/<int:pk>/", plan_board_views.plan_file, name="plan-file"),
    path("plans/all/<str:year>/file/", plan_board_views.plan_file_ask, name="plan-file-ask"),
    path("plans/<str:year>/<int:pk>/", plan_views.plan_detail, name="plan-detail"),
    path("plans/<str:year>/<int:pk>/print/", plan_views.plan_print, name="plan-print"),
    path("plans/<str:year>/<int:pk>/history/", plan_views.plan_history, name="plan-history"),
    path("plans/<int:pk>/begin/", plan_views.plan_begin, name="plan-begin"),
    path("plans/<int:pk>/save/", plan_views.plan_save, name="plan-save"),
    path("plans/<int:pk>/lines/<int:line>/restore/", plan_views.line_restore, name="plan-line-restore"),
    path("plans/<int:pk>/submit/", plan_flow_views.plan_submit, name="plan-submit"),
    path("plans/<int:pk>/withdraw/", plan_flow_views.plan_withdraw, name="plan-withdraw"),
    path("plans/<int:pk>/review/", plan_flow_views.plan_review, name="plan-review"),
    path("plans/<int:pk>/decide/", plan_flow_views.plan_decide, name="plan-decide"),
    path("plans/<int:pk>/change/", plan_flow_views.plan_change, name="plan-change"),
    path("plans/<int:pk>/nudge/", plan_flow_views.plan_nudge, name="plan-nudge"),
    path("plans/<int:pk>/territory/", plan_flow_views.plan_territory, name="plan-territory"),
    path("plans/<int:pk>/talk/", plan_flow_views.review_note, name="plan-talk"),
    path("plans/lines/<int:pk>/track/", plan_flow_views.line_track, name="plan-line-track"),
]
