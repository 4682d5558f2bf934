"""The colours keep their promises: text and marks can be read, statuses told apart by everybody."""

from itertools import combinations
from pathlib import Path

import pytest

from tests.spm.colours import BLINDNESS, contrast, difference, tokens

CSS = Path("static/css/app.css").read_text("utf-8")
LIGHT = tokens(CSS, '[data-bs-theme="light"]')
DARK = LIGHT | tokens(CSS.replace("@media screen {", ""), '[data-bs-theme="dark"]')
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
STATUSES = ["ahead", "ontrack", "risk", "behind"]
TEXTS = ["text", "muted", "primary", *(f"{status}-text" for status in STATUSES)]
MARKS = ["control", "plan", "last-year", "primary", *STATUSES]


def test_light_and_dark_have_the_same_tokens():
    assert tokens(CSS.replace("@media screen {", ""), '[data-bs-theme="dark"]').keys() == LIGHT.keys()


@THEMES
@pytest.mark.parametrize("ground", ["page", "card"])
def test_texts_stand_out_from_card_and_page(theme, ground):
    low = {name: contrast(theme[name], theme[ground]) for name in TEXTS if contrast(theme[name], theme[ground]) < 5.6}
    assert low == {}


@THEMES
@pytest.mark.parametrize("ground", ["page", "card"])
def test_marks_stand_out_from_card_and_page(theme, ground):
    low = {name: contrast(theme[name], theme[ground]) for name in MARKS if contrast(theme[name], theme[ground]) < 3.1}
    assert low == {}


@THEMES
@pytest.mark.parametrize("status", STATUSES)
def test_a_badge_can_be_read_on_its_soft_ground(theme, status):
    assert contrast(theme[f"{status}-text"], theme[f"{status}-soft"]) >= 4.5


@THEMES
def test_muted_text_can_be_read_on_inset(theme):
    assert contrast(theme["muted"], theme["inset"]) >= 4.5


@THEMES
@pytest.mark.parametrize("band", range(1, 7))
def test_heat_cells_can_be_read(theme, band):
    assert contrast(theme[f"heat-{band}"], theme[f"heat-{band}-text"]) >= 5


@THEMES
def test_the_words_on_the_primary_button_can_be_read(theme):
    assert min(contrast(theme["on-primary"], theme[name]) for name in ("primary", "primary-hover")) >= 5.6


@THEMES
@pytest.mark.parametrize("blindness", ["", *BLINDNESS])
def test_no_two_statuses_look_alike(theme, blindness):
    differences = {pair: difference(theme[pair[0]], theme[pair[1]], blindness) for pair in combinations(STATUSES, 2)}
    assert {pair: value for pair, value in differences.items() if value < 20} == {}


def test_the_contrast_of_black_on_white_is_21():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)


def test_printing_never_uses_the_dark_tokens():
    assert CSS.index("@media screen {") < CSS.index('[data-bs-theme="dark"] {')
