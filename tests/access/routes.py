"""The policy table: one entry per named route. A new route gets its line here in the same commit."""

from dataclasses import replace

from tests.access.policy import (
    ACTED,
    FORBIDDEN,
    HIDDEN,
    LOGIN,
    NO_METHOD,
    SHOWN,
    TO_LOGIN,
    Access,
    Expected,
    Rule,
    admins,
    anonymous_only,
    author_alone,
    holders,
    managers,
    own_alone,
    public,
    refused,
    signed_in,
    statuses,
    team_numbers,
    team_pages,
    undoers,
    who_sees,
)
from tests.access.routes_cut import CUT
from tests.access.routes_moves import LAND
from tests.access.routes_talk import SAVED, TALK
from tests.access.world import MANAGERS

# allauth's pages depend on where in a flow the session stands: shown, sent on, or (nothing to show) not found.
EITHER = statuses(200, 302, 404, LOGIN)
MOVED = statuses(302)


# Sign-in and the account pages: allauth's, about nobody but the user.
ACCOUNT = {
    "account_login": Access(anonymous_only(), anonymous_only(ACTED)),
    "account_logout": Access(public(EITHER), public(EITHER)),
    "account_inactive": Access(public()),
    "account_signup": Access(anonymous_only(), anonymous_only(ACTED)),
    "account_reauthenticate": Access(signed_in(EITHER), signed_in(ACTED | EITHER)),
    "account_change_password": Access(signed_in(EITHER), signed_in(ACTED | EITHER)),
    "account_set_password": Access(signed_in(EITHER), signed_in(ACTED | EITHER)),
    "account_reset_password": Access(public(EITHER), public(ACTED | EITHER)),
    "account_reset_password_from_key_done": Access(public(EITHER)),
    "account_reset_password_from_key": Access(
        public(EITHER), public(ACTED | EITHER), kinds=(("uidb36", "=1"), ("key", "=nokey"))
    ),
    "account_reset_password_done": Access(public(EITHER)),
    "org:session-end": Access(signed_in(NO_METHOD), own_alone, kinds=(("pk", "browser"),)),
    "org:invitation": Access(public(HIDDEN), public(HIDDEN), kinds=(("token", "=notoken"),)),
    "mfa_index": Access(signed_in(EITHER)),
    "mfa_authenticate": Access(public(EITHER), public(ACTED | EITHER)),
    "mfa_reauthenticate": Access(signed_in(EITHER), signed_in(ACTED | EITHER)),
    "mfa_activate_totp": Access(signed_in(EITHER), signed_in(ACTED | EITHER)),
    "mfa_deactivate_totp": Access(signed_in(EITHER), signed_in(ACTED | EITHER)),
    "mfa_view_recovery_codes": Access(signed_in(EITHER)),
    "mfa_generate_recovery_codes": Access(signed_in(EITHER), signed_in(ACTED | EITHER)),
    "mfa_download_recovery_codes": Access(signed_in(EITHER)),
    "usersessions_list": Access(signed_in(EITHER), signed_in(ACTED | EITHER)),
}
# Pages about oneself, and the frame.
PERSONAL = {
    "dashboards:search": Access(signed_in(), query="?q=quill", also=("?q=north", "?q=bramble", "?q=example.com")),
    "dashboards:settings": Access(signed_in(), signed_in(ACTED)),
    "dashboards:theme": Access(signed_in(NO_METHOD), signed_in(ACTED)),
    "dashboards:density": Access(signed_in(NO_METHOD), signed_in(ACTED)),
    "dashboards:demo-sign-in": Access(public(NO_METHOD), public(HIDDEN)),
    "dashboards:demo-load": Access(public(NO_METHOD | FORBIDDEN | TO_LOGIN), admins(ACTED)),
    "dashboards:demo-remove": Access(public(NO_METHOD), signed_in(FORBIDDEN)),  # the admin too: it is no demo
    "styleguide": Access(public(HIDDEN)),
}
# Plan, targets and quotas: managers read what they see of them, admins write.
YEAR, AS_OF = (("year", "year"),), ("?as_of=2026-09-18",)


def grid_post(actor: str, relation: str) -> Expected:
    """Admins store; managers see the grid and may not; reps see none of it."""
    if relation == "missing":
        return refused(actor, HIDDEN)
    return refused(actor, ACTED if actor == "admin" else FORBIDDEN)


def of_year(rule: Rule) -> Rule:
    """The same, except that a year that does not exist is a 404 for everybody who is signed in."""
    return lambda actor, relation: refused(actor, HIDDEN) if relation == "missing" else rule(actor, relation)


LETTER, TEAM_YEAR = (("year", "=2026"), ("pk", "person")), (("year", "=2026"), ("pk", "team"))
LOCKED_YEAR = (("year", "=2025"),)


def revision_pages(result: Expected = SHOWN) -> Rule:
    """Managers and admins; whose numbers they see of it is for the page. For everybody else there is none."""

    def rule(actor: str, relation: str) -> Expected:
        if relation == "missing" and actor in MANAGERS:
            return HIDDEN
        return refused(actor, result if actor in MANAGERS else FORBIDDEN | HIDDEN)

    return rule


# The one-page plans: a rep writes the own one, managers above it read and decide, nobody else knows of it.
PLAN, PLAN_PAGE = (("pk", "territory_plan"),), (("year", "=2026"), ("pk", "person"))
REPS = ("owner", "teammate", "outsider")
VERB_OF_AUTHOR = Access(public(NO_METHOD), author_alone, kinds=PLAN)
VERB_OF_MANAGER = Access(public(NO_METHOD), who_sees(ACTED, forbidden_to=REPS), kinds=PLAN)
PLANS = {
    "territories:plan-board": Access(signed_in(statuses(200, 302)), exports=True),
    "territories:template": Access(admins(), admins(ACTED), kinds=YEAR),
    "territories:roll-out": Access(public(NO_METHOD), admins(ACTED), kinds=YEAR),
    "territories:plan-file": Access(admins(), kinds=(("pk", "plan_file"),)),  # the admin asked for it
    "territories:plan-file-ask": Access(public(NO_METHOD), of_year(managers(ACTED)), kinds=YEAR),
    "territories:plan-detail": Access(who_sees(), kinds=PLAN_PAGE, also=("?talk=goals", "?baseline=1")),
    "territories:plan-print": Access(who_sees(), kinds=PLAN_PAGE),
    "territories:plan-history": Access(who_sees(), kinds=PLAN_PAGE),
    "territories:plan-begin": VERB_OF_AUTHOR,
    "territories:plan-save": VERB_OF_AUTHOR,
    "territories:plan-line-restore": Access(
        public(NO_METHOD), author_alone, kinds=(("pk", "territory_plan"), ("line", "gone_line"))
    ),
    "territories:plan-submit": VERB_OF_AUTHOR,
    "territories:plan-withdraw": VERB_OF_AUTHOR,
    "territories:plan-change": VERB_OF_AUTHOR,
    "territories:plan-territory": VERB_OF_AUTHOR,
    "territories:plan-review": VERB_OF_MANAGER,
    "territories:plan-decide": VERB_OF_MANAGER,
    "territories:plan-nudge": VERB_OF_MANAGER,
    "territories:plan-talk": VERB_OF_MANAGER,
    "territories:plan-line-track": Access(public(NO_METHOD), who_sees(ACTED), kinds=(("pk", "plan_line"),)),
}
# Accounts: who works one today writes its map, managers above read and write it too; nobody else knows of it.
OF_ACCOUNT = (("pk", "account"),)
PLAN_OF_ACCOUNT = (*OF_ACCOUNT, ("year", "=2026"))
MAPS = {
    "territories:account-list": Access(signed_in(), also=("?need=never&sort=-actual", "?q=quill"), exports=True),
    "territories:account-names": Access(signed_in(), query="?q=quill", also=("?q=bramble", "?q=")),
    "territories:account-detail": Access(
        who_sees(), kinds=OF_ACCOUNT, also=("?table=steps",), exports=True, tables=("stays",)
    ),
    "territories:account-plan": Access(who_sees(), kinds=PLAN_OF_ACCOUNT, exports=True),
    "territories:account-plan-save": Access(public(NO_METHOD), who_sees(ACTED), kinds=PLAN_OF_ACCOUNT),
    "territories:objective-restore": Access(
        public(NO_METHOD), who_sees(ACTED), kinds=(*PLAN_OF_ACCOUNT, ("objective", "gone_objective"))
    ),
    "territories:account-review": Access(public(NO_METHOD), who_sees(ACTED, forbidden_to=REPS), kinds=PLAN_OF_ACCOUNT),
    "territories:account-review-hold": Access(
        public(NO_METHOD), who_sees(ACTED, forbidden_to=REPS), kinds=(("pk", "account_review"),)
    ),
    "territories:account-print": Access(who_sees(), kinds=OF_ACCOUNT),
    "territories:map-save": Access(public(NO_METHOD), who_sees(ACTED), kinds=OF_ACCOUNT),
    "territories:map-person-restore": Access(
        public(NO_METHOD), who_sees(ACTED), kinds=(*OF_ACCOUNT, ("person", "gone_person"))
    ),
    "territories:map-step-restore": Access(
        public(NO_METHOD), who_sees(ACTED), kinds=(*OF_ACCOUNT, ("step", "gone_step"))
    ),
}
GRID = Access(of_year(managers()), grid_post, kinds=YEAR, exports=True)
DEAL_VERB = Access(public(NO_METHOD), who_sees(ACTED, forbidden_to=REPS), kinds=(("year", "=2026"), ("pk", "actual")))
TARGETS = {
    "targets:year-list": Access(signed_in(), exports=True),
    "targets:cycle-create": Access(public(NO_METHOD), admins(ACTED | HIDDEN)),  # a POST without a year
    "targets:cycle-edit": Access(admins(), admins(ACTED), kinds=YEAR),
    "targets:cycle-advance": Access(public(NO_METHOD), admins(ACTED), kinds=YEAR),
    "targets:cycle-back": Access(public(NO_METHOD), admins(ACTED), kinds=YEAR),
    "targets:year": Access(of_year(managers(others=MOVED)), kinds=YEAR, exports=True, tables=("bridge",)),
    "targets:company": replace(GRID, also=(*GRID.also, *AS_OF), tables=("history",)),
    "targets:plan-approval": Access(admins(), kinds=YEAR, exports=True),
    "targets:plan-decide": Access(public(NO_METHOD), admins(ACTED | FORBIDDEN), kinds=YEAR),  # nothing is submitted
    "targets:company-history": Access(
        of_year(managers()), kinds=YEAR, also=("?measure=bookings",), exports=True, tables=("history",)
    ),
    "targets:versions": GRID,
    "targets:version-compare": Access(of_year(managers()), kinds=YEAR),
    "targets:version-restore": Access(admins(), admins(ACTED), kinds=(("year", "=2026"), ("pk", "plan"))),
    "targets:company-paste": Access(public(NO_METHOD), admins(ACTED), kinds=YEAR),
    "targets:company-spread": Access(public(NO_METHOD), admins(ACTED), kinds=YEAR),
    "targets:company-undo": Access(
        public(NO_METHOD), admins(HIDDEN), kinds=YEAR, form=(("batch", "{typed_batch}"),), filled=admins(ACTED)
    ),
    "targets:allocate": Access(
        of_year(managers()), of_year(managers(ACTED)), kinds=YEAR, also=("?columns=months",), exports=True
    ),
    "targets:allocate-paste": Access(public(NO_METHOD), of_year(managers(ACTED)), kinds=YEAR),
    "targets:allocate-spread": Access(public(NO_METHOD), of_year(managers(ACTED)), kinds=YEAR),
    "targets:allocate-hold": Access(
        public(NO_METHOD),
        of_year(managers(HIDDEN)),
        kinds=YEAR,
        form=(("cell", "{cell}"),),
        filled=of_year(holders),
    ),
    "targets:allocate-undo": Access(
        public(NO_METHOD),
        of_year(managers(HIDDEN)),
        kinds=YEAR,
        form=(("batch", "{typed_batch}"),),
        filled=of_year(undoers),
    ),
    "targets:territories": replace(GRID, tables=("history",)),
    "targets:quota": Access(who_sees(), kinds=LETTER, exports=True, tables=("made", "history")),
    "targets:person-deals": Access(
        who_sees(), kinds=LETTER, also=("?show=left-out",), exports=True, tables=("history",)
    ),
    "targets:team-deals": Access(team_pages(), kinds=TEAM_YEAR, exports=True, tables=("history",)),
    "targets:deal-leave-out": DEAL_VERB,
    "targets:deal-count-again": DEAL_VERB,
    "targets:deal-undo": DEAL_VERB,
    "targets:quota-print": Access(who_sees(), kinds=LETTER),
    "targets:quota-answer": Access(public(NO_METHOD), author_alone, kinds=LETTER),
    "targets:quota-decide": Access(
        public(NO_METHOD), who_sees(ACTED, forbidden_to=("owner", "teammate", "outsider")), kinds=LETTER
    ),
    "targets:review": Access(of_year(managers()), kinds=YEAR, exports=True, tables=("teams",)),
    "targets:review-send": Access(public(NO_METHOD), of_year(managers(ACTED)), kinds=YEAR),
    "targets:propose": Access(public(NO_METHOD), of_year(signed_in(ACTED)), kinds=YEAR),
    "targets:team": Access(team_pages(), kinds=TEAM_YEAR, exports=True, tables=("history",)),
    "targets:rates": replace(GRID, tables=("plan", "history")),
    "targets:lock": Access(public(NO_METHOD), of_year(admins(ACTED, hidden_if_missing=False)), kinds=YEAR),
    "targets:revisions": Access(of_year(managers()), kinds=YEAR, exports=True),
    "targets:revision-new": Access(managers(), managers(ACTED), kinds=LOCKED_YEAR),
    "targets:revision": Access(
        revision_pages(), kinds=(*LOCKED_YEAR, ("pk", "revision")), exports=True, tables=("effects",)
    ),
    "targets:revision-decide": Access(
        public(NO_METHOD), revision_pages(FORBIDDEN), kinds=(*LOCKED_YEAR, ("pk", "revision"))
    ),  # the admin too: it is the own request
}
# Scenarios: admins alone; the fairness sheet of the working version also managers, of the people they see.
SCENARIO = (*YEAR, ("pk", "scenario"))
SCENARIOS = {
    "targets:scenarios": Access(admins(), admins(ACTED), kinds=YEAR, exports=True, tables=("totals",)),
    "targets:scenario": Access(admins(), kinds=SCENARIO, exports=True, tables=("totals", "steps")),
    "targets:scenario-adjust": Access(
        admins(),
        admins(ACTED),
        kinds=SCENARIO,
        also=("?kind=over", "?kind=hire", "?kind=leave", "?kind=territory"),
    ),
    "targets:scenario-undo": Access(
        public(NO_METHOD), admins(HIDDEN), kinds=SCENARIO, form=(("step", "{step}"),), filled=admins(ACTED)
    ),
    "targets:scenario-adopt": Access(public(NO_METHOD), admins(ACTED), kinds=SCENARIO),
    "targets:scenario-revise": Access(public(NO_METHOD), admins(ACTED), kinds=SCENARIO),
    "targets:scenario-discard": Access(public(NO_METHOD), admins(ACTED), kinds=SCENARIO),
    "targets:numbers": Access(of_year(managers()), kinds=YEAR, exports=True, also=AS_OF, tables=("targets",)),
    "targets:fairness": Access(of_year(managers()), kinds=YEAR, exports=True),
}
# Asked by machines: whether the installation is well (503 in the tests: no canary), figures behind a token.
HEALTH = {
    "health-live": Access(public()),
    "health-ready": Access(public(statuses(200, 503)), public(statuses(405))),
    "health-metrics": Access(public(statuses(404))),
}
# Setup: admins alone.
JOBS = {
    "jobs:list": Access(admins(), exports=True),
    "jobs:detail": Access(admins(), kinds=(("pk", "job"),)),
    "jobs:retry": Access(public(NO_METHOD), admins(ACTED), kinds=(("pk", "job"),)),
}
# Numbers: a rep meets the page of his own, a manager his teams, an admin the company.
BOARD = ("heat", "quarters", "pacing", "bridge")
NUMBERS = {
    "dashboards:home": Access(
        signed_in(), also=("?view={saved_view}",), exports=True, tables=("quarters", "pacing"), htmx=True
    ),
    "dashboards:performance": Access(managers(others=statuses(302)), exports=True, tables=BOARD, htmx=True),
    "dashboards:team": Access(team_numbers(), kinds=(("pk", "team"),), exports=True, tables=BOARD, htmx=True),
    "dashboards:rep": Access(
        who_sees(), kinds=(("pk", "person"),), exports=True, tables=("pacing", "halves", "accounts"), htmx=True
    ),
    "dashboards:performance-print": Access(managers(others=statuses(302))),
    "dashboards:team-print": Access(team_numbers(), kinds=(("pk", "team"),)),
    "dashboards:rep-print": Access(who_sees(), kinds=(("pk", "person"),)),
    "dashboards:actuals": Access(
        who_sees(),
        query="?person={person}",
        also=(
            "?team={team}",
            "?territory={territory}",
            "?person={person}&show=left-out",
            "?team={team}&show=left-out",
            "?territory={territory}&show=left-out",
            "?show=left-out",
        ),
        exports=True,
        htmx=True,
    ),
    "dashboards:territories": Access(signed_in(), exports=True, tables=("trees",), htmx=True),
    "dashboards:territory": Access(
        who_sees(), kinds=(("pk", "territory"),), exports=True, tables=("months", "holders", "beside"), htmx=True
    ),
    "dashboards:coaching": Access(signed_in()),
    "dashboards:meetings": Access(signed_in()),
}
BATCH = (("pk", "batch"),)
IMPORT_KIND = (("kind", "=teams"),)
IMPORTS = {
    "imports:list": Access(managers(), exports=True),
    "imports:kinds": Access(managers()),
    "imports:create": Access(admins(), admins(ACTED), kinds=IMPORT_KIND),
    "imports:template": Access(admins(), kinds=IMPORT_KIND),
    "imports:sample": Access(admins(), kinds=IMPORT_KIND),
    "imports:detail": Access(admins(), kinds=BATCH, exports=True, tables=("reasons", "rows", "differences")),
    "imports:map": Access(admins(), admins(ACTED), kinds=BATCH),
    "imports:commit": Access(public(NO_METHOD), admins(ACTED), kinds=BATCH),
    "imports:undo": Access(public(NO_METHOD), admins(ACTED), kinds=BATCH),
    "imports:teams": Access(public(NO_METHOD), admins(ACTED), kinds=BATCH),
    "imports:refused": Access(admins(), kinds=BATCH),
}


# Setup: admins alone. Verbs are POST; their pages carry the forms.
def setup_page(kind: str = "", writes: bool = True, exports: bool = False) -> Access:
    """A page that admins read and, where it has a form, send."""
    posts = admins(ACTED) if writes else None
    return Access(admins(), posts, kinds=(("pk", kind),) if kind else (), exports=exports)


def setup_verb(kind: str = "") -> Access:
    refused_get = public(NO_METHOD | FORBIDDEN | TO_LOGIN)
    return Access(refused_get, admins(ACTED | FORBIDDEN), kinds=(("pk", kind),) if kind else ())


SETUP = {
    "setup:overview": setup_page(writes=False),
    "setup:welcome": setup_page(writes=False),
    "setup:step-skip": Access(public(NO_METHOD | FORBIDDEN | TO_LOGIN), admins(ACTED), kinds=(("part", "=plan"),)),
    "setup:company": setup_page(),
    "setup:mail": setup_page(),
    "setup:calendar": setup_page(exports=True),
    "setup:period-soft-close": setup_verb("leaf"),
    "setup:period-close": setup_verb("leaf"),
    "setup:period-reopen": setup_page("leaf"),
    "setup:people": setup_page(writes=False, exports=True),
    "setup:people-invite": setup_page(),
    "setup:people-links": setup_verb(),
    "setup:person-create": setup_page(),
    "setup:person": setup_page("person"),
    "setup:person-place": setup_verb("person"),
    "setup:person-ramp": setup_verb("person"),
    "setup:person-leave": setup_verb("person"),
    "setup:person-invite": setup_verb("person"),
    "setup:person-sign-out": setup_verb("person"),
    "setup:teams": setup_page(writes=False, exports=True),
    "setup:team-create": setup_page(),
    "setup:team": setup_page("team"),
    "setup:team-place": setup_verb("team"),
    "setup:team-lead": setup_verb("team"),
    "setup:territories": setup_page(writes=False, exports=True),
    "setup:territory-create": setup_page(),
    "setup:territory": setup_page("territory"),
    "setup:territory-assign": setup_verb("territory"),
    "setup:ramps": setup_page(writes=False, exports=True),
    "setup:ramp-create": setup_page(),
    "setup:ramp": setup_page("ramp"),
    "setup:ramp-delete": setup_verb("ramp"),
    "setup:audit": setup_page(writes=False, exports=True),
}
ROUTES: dict[str, Access] = {
    **NUMBERS,
    **ACCOUNT,
    **PERSONAL,
    **TARGETS,
    **MAPS,
    **PLANS,
    **CUT,
    **LAND,
    **SAVED,
    **SCENARIOS,
    **TALK,
    **HEALTH,
    **JOBS,
    **IMPORTS,
    **SETUP,
}
