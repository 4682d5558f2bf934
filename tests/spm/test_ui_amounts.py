"""Amounts as people type them."""

from decimal import Decimal

import pytest
from django import forms
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from spm.ui.amounts import AmountField, parse_amount
from spm.ui.numbers import number

MILLION = Decimal(1_200_000)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    "text",
    [
        "1200000",
        "1 200 000",
        "1\u202f200\u202f000",
        "1.200.000",
        "1,200,000",
        "1'200'000",
        "1200k",
        "1 200 K",
        "1.200.000,00",
    ],
)
def test_these_mean_the_same_in_every_language(text, language):
    assert parse_amount(text, language) == MILLION


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("1.2M", "en"),
        ("1,2M", "fr"),
        ("1.2M", "fr"),
        ("1,2 M€", "fr"),
        ("€1.2m", "en"),
        ("0.0012 bn", "en"),
        ("0,0012 Md€", "fr"),
        ("1.2 MUSD", "en"),
    ],
)
def test_millions_with_a_letter(text, language):
    assert parse_amount(text, language) == MILLION


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [("1.200", "en", "1.2"), ("1,200", "en", "1200"), ("1.200", "fr", "1200"), ("1,200", "fr", "1.2")],
)
def test_what_could_be_read_two_ways_follows_the_language(text, language, expected):
    assert parse_amount(text, language) == Decimal(expected)


@pytest.mark.parametrize("text", ["-3,50 €", "−3,50", "(3,50)", "3,50-", "-€3,50"])
def test_negative_amounts(text):
    assert parse_amount(text, "fr") == Decimal("-3.50")


@pytest.mark.parametrize(
    "text", ["", "12 apples", "1.2.3", "1,20,000", ".", "1.200,000.5", "1e9", "NaN", "--3", "1..2"]
)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_is_no_amount_is_refused(text, language):
    with pytest.raises(ValueError):  # noqa: PT011  # the text itself is the message
        parse_amount(text, language)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2), st.sampled_from(["en", "fr"]))
def test_what_the_screen_shows_can_be_typed_back(amount, language):
    assert parse_amount(number(amount, 2, language), language) == amount


class QuotaForm(forms.Form):
    quota = AmountField(places=2, least=Decimal(0), required=False)


@pytest.mark.parametrize(
    ("typed", "problem"), [("12 apples", "not an amount"), ("1.005", "At most 2"), ("-5", "At least")]
)
def test_the_field_says_what_is_wrong(typed, problem):
    assert problem in QuotaForm({"quota": typed}).errors["quota"][0]


def test_the_field_gives_a_decimal():
    form = QuotaForm({"quota": "1.2M"})
    assert form.is_valid()
    assert form.cleaned_data["quota"] == MILLION


def test_the_field_echoes_the_amount_in_the_language_of_the_user():
    with translation.override("fr"):
        assert 'value="1\u202f200\u202f000"' in str(QuotaForm(initial={"quota": MILLION})["quota"])


def test_the_same_amount_written_otherwise_is_no_change():
    assert not QuotaForm({"quota": "1,200,000.00"}, initial={"quota": MILLION}).has_changed()
