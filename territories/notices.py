"""What people are told of plans and moves.

Parameters: ``year`` (label), ``name`` (who), ``subject`` (name of a package or an account).
"""

from django.utils.translation import gettext_lazy as _

from spm.talk.choices import Kind, register

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
    Kind("accounts_moved", _("Accounts moved"), _("“%(subject)s”: accounts move from or to your territory.")),
    Kind("account_review", _("Account review is due"), _("The review of %(subject)s is due.")),
)

register(*KINDS)
