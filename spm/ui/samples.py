"""What the style guide shows: one sample of each component, with long texts and empty states."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.paginator import Paginator

from spm.ui import numbers, theme
from spm.ui.amounts import AmountField
from spm.ui.bridge import Bridge, Step, draw
from spm.ui.geometry import bullet, sparkline
from spm.ui.status import AHEAD, ALL, AT_RISK, BEHIND, NO_QUOTA, ON_TRACK, Status

LONG = "A name that somebody typed with every title and both family names, von und zu Langenfeld-Wiesenthal"
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep"]
RATIOS = [Decimal(text) for text in (".96", ".95", ".94", ".93", "1.16", ".87", ".61", "1.08", "1.31")]


@dataclass(frozen=True)
class Row:
    """A line of the sample table."""

    name: str
    quota: Decimal | None
    actual: Decimal
    pace: Decimal | None
    status: Status

    @property
    def gap(self) -> Decimal | None:
        return None if self.quota is None else self.actual - self.quota * Decimal("0.63")

    @property
    def bar(self) -> Any:
        expected = self.quota * Decimal("0.63") if self.quota else None
        sentence = f"{self.name}: {numbers.thousands(self.actual)} of {numbers.thousands(self.quota)} k€"
        last_year = self.actual * Decimal("0.93")
        return bullet(
            self.actual,
            self.quota,
            sentence=sentence,
            expected=expected,
            last_year=last_year,
            status=self.status.code,
            scale=Decimal("1.1"),
        )

    @property
    def line(self) -> Any:
        return sparkline(RATIOS, sentence="Twelve months", reference=Decimal(1), status=self.status.code)


class SampleForm(forms.Form):
    """Every kind of field, one of them wrong."""

    name = forms.CharField(label="Name", initial="Rep S3", help_text="As it stands in the people file.")
    amount = AmountField(label="Quota, €", initial=Decimal(1_200_000))
    kind = forms.ChoiceField(label="Kind", choices=[("a", "First"), ("b", "Second")])
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 2}))
    agreed = forms.BooleanField(label="Read and confirmed")


def table() -> list[Row]:
    return [
        Row("Rep S3", Decimal(3_800_000), Decimal(1_699_740), Decimal("0.71"), BEHIND),
        Row("Rep S4", Decimal(3_600_000), Decimal(2_086_560), Decimal("0.92"), AT_RISK),
        Row("Rep S1", Decimal(4_300_000), Decimal(2_627_730), Decimal("0.97"), ON_TRACK),
        Row(LONG, Decimal(3_000_000), Decimal(3_519_180), Decimal("1.86"), AHEAD),
        Row("Rep without quota", None, Decimal(12_400), None, NO_QUOTA),
    ]


def trace(name: str, values: list[Decimal], **line: Any) -> theme.Trace:
    return {"x": MONTHS, "y": values, "name": name, "mode": "lines", "line": line}


def chart() -> theme.Chart:
    """The pacing chart in small: plan, last year, actual."""
    actual = [Decimal(text) for text in ("3.0", "6.0", "10.0", "14.1", "18.2", "23.1", "26.4", "29.6", "33.2")]
    plan = [Decimal(text) for text in ("3.1", "6.2", "10.4", "14.6", "18.7", "23.4", "27.0", "29.6", "32.8")]
    figure = theme.figure(
        [
            trace("Plan", plan, color=theme.token("plan"), dash="dash"),
            trace("Actual", actual, color=theme.token("primary"), width=3),
        ],
        annotations=[theme.end_label(MONTHS[-1], actual[-1], "Actual 33.2", strong=True, shift=10)],
    )
    rows = [(month, str(p), str(a)) for month, p, a in zip(MONTHS, plan, actual, strict=True)]
    table = theme.ChartTable(["Month, M€", "Plan", "Actual"], rows)
    return theme.Chart("sample", "Pacing", "€33.2 M booked: €469 k ahead of plan to date.", figure, table)


def waterfall() -> Bridge:
    """A bridge with every kind of step, and a label that is too long."""
    steps = [
        ("Plan to date", "total", 0, 32_760),
        ("Over-assignment, 6.0 %", "pad", 32_760, 34_713),
        ("Quota to date", "total", 0, 34_713),
        ("North", "up", 34_713, 35_415),
        (LONG[:40], "down", 35_415, 33_229),
        ("Actual", "actual", 0, 33_229),
    ]
    return draw(
        [
            Step(label, kind, Decimal(first * 1000), Decimal(last * 1000), numbers.number(Decimal(last - first), 1))
            for label, kind, first, last in steps
        ]
    )


def math() -> dict[str, Any]:
    return {
        "rows": [("Bookings credited", "33,228.72 k€"), ("÷ quota of the year", "55,100.00 k€")],
        "result": ("Attainment", "60.3 %"),
        "as_of": "As of 18 Sep 2026; rolled up 18 Sep 2026, 23:59, run 482.",
        "version": "Quotas and plan: as locked on 12 Jan 2026, with 1 approved revision.",
        "lately": {
            "head": "Changed since 11 Sep:",
            "changes": ["Quota of Rep S3, Oct to Dec 2026: €400 k → €520 k, by Manager S on 14 Sep"],
            "more": "and 2 more",
        },
        "href": "#tables",
    }


def said(pk: int, text: str, **fields: Any) -> dict[str, Any]:
    """One comment as ``spm.talk.queries`` gives it; the house forbids to import that from here."""
    at = datetime(2026, 9, 18, 9, 30, tzinfo=UTC)
    return {"pk": pk, "author": "Rep S3", "text": text, "at": at, "version": 0} | fields


def threads() -> dict[str, dict[str, Any]]:
    """A talk in all its states, one that is settled, one that nobody began."""
    panel = {"html_id": "thread-sample", "anchor": "sample", "key": 1, "field": "", "pk": 1, "limit": 4000}
    comments = [
        said(1, "Why 3.8 million? The largest customer of the territory moved away in June.", can_edit=True),
        said(2, LONG * 4, author=LONG, edited=True, can_delete=True),
        said(3, "", deleted=True),
    ]
    settled = {
        "html_id": "thread-settled",
        "comments": comments[1:2],
        "resolved_by": "Rep S3",
        "resolved_at": said(1, "")["at"],
    }
    refused = {"typed": "", "error": "Write a comment first.", "can_speak": True, "can_resolve": True}
    return {
        "open": panel | refused | {"comments": comments},
        "settled": panel | settled,
        "empty": panel | {"html_id": "thread-empty", "can_speak": True},
    }


def context() -> dict[str, Any]:
    """Everything templates/styleguide.html asks for."""
    wrong = SampleForm({"name": "", "amount": "12 apples", "kind": "a"})
    return {
        "statuses": ALL,
        "rows": table(),
        "ratios": [*RATIOS, None],
        "months": MONTHS,
        "long": LONG,
        "chart": chart(),
        "bridge": waterfall(),
        "math": math(),
        "form": SampleForm(),
        "wrong_form": wrong,
        "columns": {
            "choices": [("quota", "Quota", True), ("gap", "Gap", True), ("pace", "Pace", False)],
            "is_chosen": True,
        },
        "page": Paginator(range(120), 50).page(2),
        "choices": [("month", "Month"), ("quarter", "Quarter"), ("year", "Year")],
        "steps": [("Upload", "done"), ("Map", "current"), ("Preview", ""), ("Report", "")],
        "crumbs": [("Performance", "#"), ("South", "#")],
        "period_picker": {"previous": "#p", "next": "#n", "label": "Year 2026"},
        "as_of": "Q3, actuals to 18 Sep",
        "threads": threads(),
    }
