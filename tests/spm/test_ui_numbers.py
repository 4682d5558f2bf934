"""Numbers as people read them, in English and in French."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import translation

from spm.ui import numbers

NB, NNB = "\u00a0", "\u202f"


@pytest.mark.parametrize(
    ("amount", "english", "french"),
    [
        ("2400000", f"€2.4{NB}M", f"2,4{NNB}M€"),
        ("33228720", f"€33.23{NB}M", f"33,23{NNB}M€"),
        ("-1484280", f"−€1.48{NB}M", f"−1,48{NNB}M€"),
        ("694300", f"€694{NB}k", f"694{NNB}k€"),
        ("999600", f"€1{NB}M", f"1{NNB}M€"),
        ("999499", f"€999{NB}k", f"999{NNB}k€"),
        ("1250000000", f"€1.25{NB}bn", f"1,25{NNB}bn€"),
        ("940.5", "€941", f"941{NNB}€"),
        ("0", "€0", f"0{NNB}€"),
    ],
)
def test_compact_amounts(amount, english, french):
    assert numbers.money_compact(Decimal(amount), "EUR", "en") == english
    assert numbers.money_compact(Decimal(amount), "EUR", "fr") == french


@pytest.mark.parametrize(("language", "expected"), [("en", "−€1,234,567.89"), ("fr", f"−1{NNB}234{NNB}567,89{NNB}€")])
def test_full_amounts_show_every_coin(language, expected):
    assert numbers.money_full(Decimal("-1234567.885"), "EUR", language) == expected


def test_yen_have_no_coins():
    assert numbers.money_full(Decimal(1200), "JPY", "en") == "¥1,200"


@pytest.mark.parametrize(("language", "expected"), [("en", "33,228.7"), ("fr", f"33{NNB}228,7")])
def test_thousands_have_one_decimal(language, expected):
    assert numbers.thousands(Decimal("33228720"), language) == expected


def test_signed_thousands_carry_a_true_minus():
    gaps = [Decimal("702450"), Decimal("-448560"), Decimal(0)]
    assert [numbers.signed_thousands(gap, "en") for gap in gaps] == ["+702.5", "−448.6", "0.0"]


def test_what_rounds_to_zero_has_no_sign():
    assert numbers.signed_thousands(Decimal("-12"), "en") == "0.0"


@pytest.mark.parametrize(
    ("ratio", "decimals", "english", "french"),
    [("0.957", 0, f"96{NB}%", f"96{NNB}%"), ("0.3105", 1, f"31.1{NB}%", f"31,1{NNB}%")],
)
def test_percent(ratio, decimals, english, french):
    assert numbers.percent(Decimal(ratio), decimals, "en") == english
    assert numbers.percent(Decimal(ratio), decimals, "fr") == french


def test_half_rounds_up_as_in_school():
    assert [numbers.number(Decimal(text)) for text in ("0.5", "1.5", "2.5")] == ["1", "2", "3"]


@pytest.mark.parametrize(
    "written",
    [
        numbers.number(None),
        numbers.thousands(None),
        numbers.percent(None),
        numbers.money_full(None, "EUR"),
        numbers.money_compact(None, "EUR"),
        numbers.times(None),
        numbers.day(None),
        numbers.moment(None),
        numbers.gap_in_words(None, "EUR"),
    ],
)
def test_what_is_missing_is_a_dash_and_never_zero(written):
    assert written == "—"


def test_a_gap_says_what_it_means():
    gaps = [Decimal(120_000), Decimal(-1_740_000), Decimal(0)]
    expected = [f"+€120{NB}k ahead", f"−€1.74{NB}M behind", "€0, on pace"]
    assert [numbers.gap_in_words(gap, "EUR", "en") for gap in gaps] == expected


def test_dates_follow_the_language():
    day = date(2026, 9, 18)
    assert [numbers.day(day, "en"), numbers.day(day, "fr")] == ["18 Sep 2026", "18 sept. 2026"]


def test_moments_are_told_in_the_zone_of_the_request(settings):
    with numbers.timezone.override("Europe/Paris"):
        assert numbers.moment(datetime(2026, 9, 18, 12, 32, tzinfo=UTC), "en") == "18 Sep 2026, 14:32"


def test_the_language_of_the_request_decides():
    with translation.override("fr"):
        assert numbers.number(Decimal("1234.5"), 1) == f"1{NNB}234,5"


def test_an_unknown_language_reads_english():
    assert numbers.number(Decimal("1234.5"), 1, "tlh") == "1,234.5"


def test_the_unit_of_a_column_in_thousands():
    assert [numbers.unit_thousands("EUR", "en"), numbers.unit_thousands("USD", "en")] == ["k€", "k$"]
