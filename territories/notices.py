"""What people are told of plans and moves.

Parameters: ``year`` (label), ``name`` (who), ``subject`` (name of a package or an account), ``day`` (ISO), ``score``,
``count``, ``what`` (of MOVES), ``held`` (whether accounts stay longer than their share of the quota).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from spm.talk.choices import Kind, register
from spm.ui.numbers import day as in_words


def _with_day(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """The day in the language of the moment, the rest as it is."""
    return {**parameters, "day": in_words(date.fromisoformat(parameters["day"]))}


MOVES = {
    "proposed": _("accounts move from or to your territory on %(day)s."),
    "applied": _("accounts have moved from or to your territory as of %(day)s."),
    "withdrawn": _("the move of accounts on %(day)s is called off."),
    "failed": _("the move on %(day)s could not be applied. Its page says why."),
}


HELD = _("Accounts with open opportunities stay longer; their share of the quota moves on %(day)s all the same.")


def _of_move(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """What happened to a package, in the language of the moment."""
    told = _with_day(parameters)
    said = [MOVES[parameters["what"]], *([HELD] if parameters.get("held") else [])]
    return {**told, "what": " ".join(str(one) % told for one in said)}


KINDS = (
    Kind("territory_plan_opened", _("Territory plan to write"), _("The territory plan %(year)s is open. Write yours.")),
    Kind(
        "territory_plan_waiting",
        _("Territory plan waits for you"),
        _("Your territory plan %(year)s is still to be handed in."),
    ),
    Kind(
        "territory_plan_submitted", _("Territory plan submitted"), _("%(name)s submitted the territory plan %(year)s.")
    ),
    Kind(
        "territory_plan_returned",
        _("Territory plan returned"),
        _("%(name)s returned your territory plan %(year)s with comments."),
    ),
    Kind("territory_plan_approved", _("Territory plan approved"), _("%(name)s approved your territory plan %(year)s.")),
    Kind(
        "territory_plan_comment",
        _("Comment on a territory plan"),
        _("%(name)s commented on the territory plan %(year)s."),
    ),
    Kind(
        "territory_plan_due",
        _("Territory plan is due"),
        _("The territory plan %(year)s is due on %(day)s; yours is not handed in yet."),
        words=_with_day,
    ),
    Kind(
        "territory_plan_late",
        _("Territory plan is overdue"),
        _("The territory plan %(year)s was due on %(day)s; yours is not handed in yet."),
        words=_with_day,
    ),
    Kind(
        "territory_plans_undecided",
        _("Territory plans wait for you"),
        _("Territory plans %(year)s that wait for your decision: %(count)s."),
    ),
    Kind(
        "territory_plan_stale",
        _("Territory plan untouched"),
        _("Lines of your territory plan %(year)s that nobody has touched for long: %(count)s."),
    ),
    Kind("accounts_moved", _("Accounts moved"), _("“%(subject)s”: %(what)s"), words=_of_move),
    Kind("account_review", _("Account review is due"), _("The review of %(subject)s is due.")),
    Kind(
        "account_review_set",
        _("Account review is set"),
        _("%(name)s reviews %(subject)s on %(day)s."),
        words=_with_day,
    ),
    Kind(
        "account_reviewed",
        _("Account reviewed"),
        _("%(name)s reviewed %(subject)s: %(score)s of 5."),
    ),
    Kind("account_comment", _("Comment on an account"), _("%(name)s commented on %(subject)s.")),
)

OF_PLANS = tuple(kind for kind in KINDS if kind.name.startswith("territory_plan"))
register(*OF_PLANS, subject=_("Territory plans"))
register(*(kind for kind in KINDS if kind not in OF_PLANS), subject=_("Territories and accounts"))
