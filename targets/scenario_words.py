"""A step of a scenario in words."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.ui.numbers import percent, signed_percent
from targets.choices import Reach, WhatIf
from targets.models import ScenarioStep
from targets.spreading import HUNDRED


def sentence(step: ScenarioStep) -> str:
    """What was asked: "2 new hires in South from Jul 2027; the others of the team carry less"."""
    words = {
        "whom": step.team.name if step.team else str(Reach(step.reach).label),
        "percent": signed_percent(step.percent / HUNDRED, 1),
        "share": percent(step.percent / HUNDRED, 1),
        "name": step.person.name if step.person else "",
        "receiver": step.receiver.name if step.receiver else "",
        "territory": step.territory.name if step.territory else "",
        "month": step.starts.title if step.starts else "",
        "n": step.count,
    }
    match step.kind:
        case WhatIf.GROWTH:
            return _("Growth %(percent)s: %(whom)s") % words
        case WhatIf.OVER:
            return _("Over-assignment %(percent)s: %(whom)s") % words
        case WhatIf.HIRE:
            return f"{_hires(step.count) % words}; {_rest_of_hire(step)}"
        case WhatIf.LEAVE:
            rest = _("the others of the team carry it") if step.shared else _("nobody carries it")
            return f"{_('%(name)s leaves, from %(month)s') % words}; {rest}"
    return _("%(territory)s goes from %(name)s to %(receiver)s from %(month)s, with %(share)s of the number") % words


def _hires(count: int) -> str:
    return ngettext("%(n)s new hire in %(whom)s from %(month)s", "%(n)s new hires in %(whom)s from %(month)s", count)


def _rest_of_hire(step: ScenarioStep) -> str:
    return _("the others of the team carry less") if step.shared else _("on top of what the others carry")
