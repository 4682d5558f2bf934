"""The four tiles, each with its formula, the numbers put in, and where the rows behind it are."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.dashboards.board import Focus, Row
from spm.dashboards.figures import Cells, Figures, figures, standing
from spm.dashboards.origin import Lately, Origin
from spm.dashboards.periods import Compare, Leaf, View, Window
from spm.dashboards.rows import bar_of
from spm.dashboards.sentences import credited_word, planned_words
from spm.org.models import Company
from spm.ui.geometry import Bullet, Sparkline, sparkline
from spm.ui.numbers import (
    day,
    day_short,
    money_compact,
    money_full,
    number,
    percent,
    signed_percent,
    thousands,
    unit_thousands,
)
from spm.ui.status import Status
from targets.choices import Measure


@dataclass(frozen=True, slots=True)
class Lines:
    """What a number is made of: the address of its lines, and when and against what they were counted."""

    href: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Math:
    """What components/math.html shows."""

    rows: tuple[tuple[str, str], ...]
    result: tuple[str, str] | None
    as_of: str
    version: str
    lately: Lately
    href: str
    href_label: str


@dataclass(frozen=True, slots=True)
class Tile:
    """What components/tile.html shows; empty texts are not drawn."""

    label: str
    value: str
    title: str
    delta: str
    math: Math
    status: Status | None = None
    bar: Bullet | None = None
    line: Sparkline | None = None
    line_note: str = ""
    href: str = ""
    note: str = ""


def lines_href(focus: Focus, view: View) -> str:
    """Where the lines behind the number of a page stand; it names the team, which the page may have in its path.

    Without a name it is what the reader leads: the company, or several teams.
    """
    return reverse("dashboards:actuals") + view.query(team=focus.teams[0] if len(focus.teams) == 1 else "")


def tiles(total: Row, view: View, company: Company, lines: Lines) -> tuple[Tile, ...]:
    """Attainment, pace, gap, and what is left to do; ``lines``: what stands behind them."""
    return (
        _attainment(total, view, company, lines),
        _pace(total, view, company, lines),
        _gap(total, view, company, lines),
        _to_go(total, view, company, lines),
    )


def _attainment(total: Row, view: View, company: Company, lines: Lines) -> Tile:
    at, status = total.figures, standing(total.figures, company)
    words = {
        "actual": money_compact(at.actual, company.currency),
        "quota": money_compact(at.quota, company.currency),
        "word": credited_word(view.measure),
    }
    no_quota = _("%(actual)s %(word)s, no quota set") % words
    return Tile(
        label=_("Attainment"),
        value=percent(at.attainment),
        title=percent(at.attainment, 2) if at.quota else "",
        delta=_("%(actual)s %(word)s of %(quota)s") % words if at.quota else no_quota,
        bar=bar_of(_("Attainment"), at, status, company.currency),
        math=_math(
            [
                (_actual_label(view), money_full(at.actual, company.currency)),
                *_effect(at, company),
                (
                    _("÷ baseline quota of the period") if view.is_baseline else _("÷ quota of the period"),
                    money_full(at.quota, company.currency),
                ),
            ],
            (_("Attainment"), percent(at.attainment, 1)),
            view.measure,
            lines,
        ),
    )


def _pace(total: Row, view: View, company: Company, lines: Lines) -> Tile:
    at = total.figures
    paces = [_to_end_of(total.cells, view.window.leaves[: i + 1]).pace for i in range(_begun(view))]
    return Tile(
        label=_("Pace"),
        value=percent(at.pace),
        title=percent(at.pace, 2) if at.pace is not None else "",
        delta=_below_pace(at, view),
        status=standing(at, company) if at.quota else None,
        line=_trend(paces, _("Pace, cumulative by month"), Decimal(1), standing(at, company)),
        line_note=_("line: 100 %") if len(paces) > 1 else "",
        math=_math(
            [
                (_actual_label(view), money_full(at.actual, company.currency)),
                (_by_now(view), money_full(at.expected, company.currency)),
                *_share_of_quota(at, view, company),
                *_compared(at, view, company),
            ],
            (_("Pace"), percent(at.pace, 1)),
            view.measure,
            lines,
        ),
    )


def _gap(total: Row, view: View, company: Company, lines: Lines) -> Tile:
    at, status = total.figures, standing(total.figures, company)
    gap = None if at.lies_ahead and not at.actual else at.gap
    gaps = [_to_end_of(total.cells, view.window.leaves[: i + 1]).gap for i in range(_begun(view))]
    return Tile(
        label=_("Gap"),
        value=money_compact(gap, company.currency, signed=True),
        title=money_full(gap, company.currency, signed=True) if gap is not None else "",
        delta=_("not begun, no gap yet") if at.lies_ahead and gap is None else _gap_words(gap, company.currency),
        line=_trend(gaps, _("Gap to quota pace by month"), Decimal(0), status),
        line_note=_("line: 0") if len(gaps) > 1 else "",
        math=_math(
            [
                (_actual_label(view), money_full(at.actual, company.currency)),
                (_less_by_now(view), money_full(at.expected, company.currency)),
            ],
            (_("Gap"), money_full(gap, company.currency, signed=True)),
            view.measure,
            lines,
        ),
    )


def _to_go(total: Row, view: View, company: Company, lines: Lines) -> Tile:
    """Stands where coverage will, once there is a pipeline to cover with."""
    at = total.figures
    rows = [
        (_quota_label(view), money_full(at.quota, company.currency)),
        ("− " + _actual_label(view), money_full(at.actual, company.currency)),
    ]
    result = (_("To go, never below 0"), money_full(at.to_go, company.currency))
    if at.months_left >= 1:
        rows += [(_("= to go, never below 0"), result[1]), (_months_left(view), number(at.months_left, 2))]
        result = (_("Needed per month"), money_full(at.needed, company.currency))
    return Tile(
        label=_("To go"),
        value=money_compact(at.to_go, company.currency),
        title=money_full(at.to_go, company.currency) if at.to_go is not None else "",
        delta=_to_go_words(at, company.currency),
        line_note=_("Coverage needs a pipeline; none is recorded yet."),
        math=_math(rows, result, view.measure, lines),
    )


def _to_go_words(at: Figures, currency: str) -> str:
    words = {"needed": money_compact(at.needed, currency), "recent": money_compact(at.recent, currency)}
    if at.to_go is None:
        return _("no quota, nothing to go")
    if not at.to_go:
        return _("quota reached")
    if at.is_over:
        return _("the period is over")
    if at.is_last_month:
        words["days"] = str(at.days_left)
        days = ngettext("%(days)s day left", "%(days)s days left", at.days_left) % words
        days = days if at.days_left else _("last day")
        return days if at.recent is None else _("%(left)s, %(recent)s a month lately") % (words | {"left": days})
    if at.recent is None:
        return _("%(needed)s a month needed") % words
    return _("%(needed)s a month needed, %(recent)s lately") % words


def measure_math(row: Row, view: View, company: Company, measure: Measure, origin: Origin) -> Math:
    """The math of one person's bar: pace, and the way to the lines behind it."""
    href = reverse("dashboards:actuals") + view.query(measure=str(measure), person=row.pk)
    return holder_math(row, view, company, Lines(href, origin), measure)


def holder_math(row: Row, view: View, company: Company, lines: Lines, measure: Measure | None = None) -> Math:
    """Pace of one holder."""
    at, measure = row.figures, measure or view.measure
    label = _("%(measure)s credited") % {"measure": measure.label}
    return _math(
        [
            (label, money_full(at.actual, company.currency)),
            *_effect(at, company),
            (_by_now(view), money_full(at.expected if at.quota else None, company.currency)),
            *_share_of_quota(at, view, company),
        ],
        (_("Pace"), percent(at.pace, 1)),
        measure,
        lines,
    )


def _math(rows: Sequence[tuple[str, str]], result: tuple[str, str], measure: Measure, lines: Lines) -> Math:
    origin = lines.origin
    words = _("Rows that count, and why others do not")
    return Math(tuple(rows), result, origin.counted, origin.version, origin.of(measure), lines.href, words)


def _effect(at: Figures, company: Company) -> list[tuple[str, str]]:
    """The part of the actual that came from rates of exchange, where there is any."""
    if not at.effect:
        return []
    return [
        (_("of which currency effect"), money_full(at.effect, company.currency, signed=True)),
        (_("at plan rates"), money_full(at.at_plan_rates, company.currency)),
    ]


def effect_words(at: Figures, company: Company) -> str:
    """The same for a page's head; empty where there is none."""
    words = {
        "effect": money_compact(at.effect, company.currency, signed=True),
        "actual": money_compact(at.at_plan_rates, company.currency),
    }
    return _("Of which currency effect %(effect)s: at plan rates it is %(actual)s.") % words if at.effect else ""


def notes_of(total: Row, view: View, company: Company, *, is_company: bool) -> tuple[str, ...]:
    """What must be known to read the number right. The plan of a team is told where the page is compared with it."""
    planned = planned_words(total.cells, view.window.leaves) if is_company or view.beside_plan else ""
    return tuple(filter(None, (effect_words(total.figures, company), planned)))


def ahead_words(ahead: Decimal, view: View, company: Company) -> list[str]:
    """What of a number is dated after today; nothing is said where nothing is."""
    words = {"amount": money_compact(ahead, company.currency), "day": day(view.today)}
    return [_("%(amount)s of it is dated after today, %(day)s.") % words] if ahead else []


def _actual_label(view: View) -> str:
    return _("%(measure)s credited") % {"measure": view.measure.label}


def _by_now(view: View) -> str:
    if view.window.is_over:
        words = {"day": day_short(view.window.ends_on)}
        if view.is_baseline:
            return _("÷ baseline quota expected by its end (%(day)s)") % words
        return _("÷ quota expected by its end (%(day)s)") % words
    return _("÷ baseline quota expected to date") if view.is_baseline else _("÷ quota expected to date")


def _less_by_now(view: View) -> str:
    if view.window.is_over:
        words = {"day": day_short(view.window.ends_on)}
        if view.is_baseline:
            return _("− baseline quota expected by its end (%(day)s)") % words
        return _("− quota expected by its end (%(day)s)") % words
    return _("− baseline quota expected to date") if view.is_baseline else _("− quota expected to date")


def _share_of_quota(at: Figures, view: View, company: Company) -> list[tuple[str, str]]:
    """Where the amount expected by now comes from: a share of the quota."""
    return [(_season(view), percent(at.elapsed, 1)), (_quota_label(view), money_full(at.quota, company.currency))]


def _compared(at: Figures, view: View, company: Company) -> list[tuple[str, str]]:
    """Where the change comes from that stands under the pace."""
    if at.growth is None:
        return []
    compared = view.compare_word
    label = compared if view.window.is_over else _("%(compare)s to date") % {"compare": compared}
    return [
        *_in_planned(at, company),
        (label, money_full(at.before, company.currency)),
        (_("credited in relation to that"), signed_percent(at.growth, 1)),
    ]


def _in_planned(at: Figures, company: Company) -> list[tuple[str, str]]:
    """What stands beside the plan where it is not all that is credited."""
    if at.compared is None:
        return []
    return [(_("credited in periods with a plan"), money_full(at.compared, company.currency))]


def _quota_label(view: View) -> str:
    return _("Baseline quota of the period") if view.is_baseline else _("Quota of the period")


def _season(view: View) -> str:
    current = view.window.current
    if current is None:
        return _("of the quota, by its months")
    words = {"elapsed": current.elapsed, "days": current.days, "leaf": current.title}
    return _("of the quota: full months, and %(elapsed)s of %(days)s days of %(leaf)s") % words


def _months_left(view: View) -> str:
    """Whole ones and the days of the running one, since their quotient rarely ends after two decimals."""
    current = view.window.current
    if current is None:
        return _("÷ months left")
    words = {
        "whole": sum(not leaf.begun for leaf in view.window.leaves),
        "left": current.days - current.elapsed,
        "days": current.days,
    }
    return _("÷ months left: %(whole)s and %(left)s of %(days)s days") % words


def _below_pace(at: Figures, view: View) -> str:
    """Before the period its first day, early in it how little of it has passed, then the comparison."""
    if not view.window.has_begun:
        return _("begins on %(day)s") % {"day": day(view.window.starts_on)}
    if at.is_early:
        return _("early: %(share)s elapsed") % {"share": percent(at.elapsed)}
    return growth_words(at, view)


def growth_words(at: Figures, view: View, *, is_person: bool = False) -> str:
    """ "+7 % on last year, same date"; empty where nothing is to be compared. The plan of a person is the quota."""
    if view.compare is Compare.NONE:
        return ""
    words = {"growth": signed_percent(at.growth)}
    if view.window.is_over and at.growth is not None:
        return _growth_of_whole(view, is_person=is_person) % words
    if view.beside_plan and is_person:
        return _("%(growth)s on quota to date") % words if at.growth is not None else _("no quota to compare with")
    if view.beside_plan:
        return _("%(growth)s on plan to date") % words if at.growth is not None else _("no plan to compare with")
    if at.growth is None:
        return _("nothing to compare with")
    if view.against_previous:
        return _("%(growth)s on the period before, same date") % words
    return _("%(growth)s on last year, same date") % words


def _growth_of_whole(view: View, *, is_person: bool) -> str:
    """A period that is over is compared whole."""
    if view.beside_plan:
        return _("%(growth)s on quota") if is_person else _("%(growth)s on plan")
    return _("%(growth)s on the period before") if view.against_previous else _("%(growth)s on last year")


def _gap_words(gap: Decimal | None, currency: str) -> str:
    """ "1,484.3 k€ behind": what the tile above rounds."""
    if gap is None:
        return _("no quota, no gap")
    words = {"amount": thousands(abs(gap)), "unit": unit_thousands(currency)}
    return (_("%(amount)s %(unit)s behind") if gap < 0 else _("%(amount)s %(unit)s ahead")) % words


def _begun(view: View) -> int:
    return sum(leaf.begun for leaf in view.window.leaves)


def _to_end_of(cells: Cells, leaves: Sequence[Leaf]) -> Figures:
    return figures(cells, Window(tuple(leaves), (), (), (), ()))


def _trend(values: Sequence[Decimal | None], sentence: str, reference: Decimal, status: Status) -> Sparkline | None:
    return sparkline(values, sentence=sentence, reference=reference, status=status.code) if len(values) > 1 else None
