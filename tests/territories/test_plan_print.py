"""The fullest legal plan stays on one page, on A4 and on Letter, in the widest fallback font."""

import re
from pathlib import Path

import pytest
from django.urls import reverse

from territories.models import TerritoryPlan

PAPER = {"A4": ("210mm", "297mm"), "Letter": ("216mm", "279mm")}
WIDE = '* { font-family: "DejaVu Sans" !important; }'


def widened(route):
    """The style sheet of the print, with the widest font that a machine falls back to."""
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text() + WIDE)


def pages_of(pdf):
    return len(re.findall(rb"/Type\s*/Page[^s]", pdf))


@pytest.mark.browser
@pytest.mark.parametrize("paper", PAPER)
def test_the_fullest_legal_plan_prints_on_exactly_one_page(fullest, live_server, page, sign_in, paper):
    sign_in(fullest.rep)
    page.route("**/plan_print.css", widened)
    page.goto(live_server.url + reverse("territories:plan-print", args=["2027", fullest.rep.pk]))
    width, height = PAPER[paper]
    margin = dict.fromkeys(("top", "right", "bottom", "left"), "10mm")
    assert pages_of(page.pdf(width=width, height=height, margin=margin)) == 1


@pytest.mark.browser
def test_control_a_text_beyond_its_cap_would_take_a_second_page(fullest, live_server, page, sign_in):
    sign_in(fullest.rep)
    page.goto(live_server.url + reverse("territories:plan-print", args=["2027", fullest.rep.pk]))
    page.evaluate(
        "document.querySelectorAll('li').forEach((line) => { line.textContent = line.textContent.repeat(3); })"
    )
    assert pages_of(page.pdf(format="A4")) > 1


def test_the_print_has_no_navigation_and_no_script(planned, client):
    client.force_login(planned.rep)
    body = client.get(reverse("territories:plan-print", args=["2027", planned.rep.pk])).content.decode()
    assert "<nav" not in body
    assert "<script" not in body
    assert TerritoryPlan.objects.count() == 1
    assert Path("static/css/plan_print.css").name in body
