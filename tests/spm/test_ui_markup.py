"""The one module that declares text safe: it escapes what is put into constants, and nothing else."""

import pytest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy

from spm.ui.markup import html, joined

NAUGHTY = "<b title=\"x\" class='y'>&{0}</b>"


@pytest.mark.parametrize("value", [NAUGHTY, gettext_lazy(NAUGHTY), html("<i>{}</i>", NAUGHTY), 12, None, "{", ""])
def test_it_escapes_as_django_does(value):
    assert html('<p class="{}">{}</p>', "x", value) == format_html('<p class="{}">{}</p>', "x", value)
    assert html("<p>{said}</p>", said=value) == format_html("<p>{said}</p>", said=value)


def test_parts_are_escaped_one_by_one():
    assert joined([html("<td>{}</td>", "a"), NAUGHTY], " ") == html("<td>{}</td> {}", "a", NAUGHTY)


def test_a_text_that_was_put_in_is_not_a_pattern_any_more():
    assert html("{}", html("{}", "{0}{x}")) == "{0}{x}"
