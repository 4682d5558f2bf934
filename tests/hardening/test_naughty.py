"""Naughty texts in every place that takes text: answered, shown as text, and stored as typed or refused with it kept.

reliability.md §3, 1.2.1–4, and §4.3. Blanks at the ends are no part of a name; everything else comes back equal.
"""

import csv
import io
from urllib.parse import quote

import pytest
from django.utils.html import escape

from spm.imports import batches
from spm.imports.models import ImportRow
from spm.keys import is_storable
from spm.org.models import User
from spm.ui.amounts import parse_amount
from targets.models import Target
from tests.hardening.naughty import CORPUS, Skeleton, corpus, naughty
from tests.spm.imports_help import upload

pytestmark = pytest.mark.django_db
with_corpus = pytest.mark.parametrize(
    "texts",
    [
        pytest.param(naughty, id="ours"),
        pytest.param(
            corpus,
            id="blns",
            marks=[
                pytest.mark.acceptance,
                pytest.mark.skipif(not CORPUS.exists(), reason="SPM_ACCEPTANCE_DATA names no folder with blns"),
            ],
        ),
    ],
)
HARMLESS = "plainword"
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
PAGES = {
    "/performance/": ("period", "measure", "team", "compare"),
    "/performance/actuals/": ("period", "measure", "person", "page", "sort"),
    "/targets/2026/allocate/": ("measure", "team", "columns", "page"),
    "/setup/people/": ("q", "state", "page"),
    "/setup/audit/": ("kind", "since", "page"),
    "/setup/imports/": ("page",),
}


def sent(text: str) -> str:
    """As a browser sends it: a NUL, which no browser types, is refused by ``test_unstorable``."""
    return quote(text.replace("\x00", ""), safe="")


def shape_of(client, *addresses) -> set:
    """Everything that these pages are made of when nothing naughty is in them."""
    return set().union(*(Skeleton(client.get(url).content.decode()).parts for url in addresses))


@with_corpus
def test_the_search_box_shows_what_was_typed_as_text(world, texts):
    client, wrong = world.client("admin"), []
    known = shape_of(client, f"/search/?q={HARMLESS}", "/search/?q=a", "/search/?q=land", "/search/")
    for text in texts():
        response = client.get(f"/search/?q={sent(text)}")
        page = Skeleton(response.content.decode())
        if response.status_code != 200 or page.parts - known:
            wrong.append((text, response.status_code, page.parts - known))
        elif page.values["q"] != text.replace("\x00", "")[:100].strip():
            wrong.append((text, page.values["q"]))
    assert wrong == []


@with_corpus
def test_a_name_is_stored_as_typed_or_refused_with_it_kept(world, texts):
    client, wrong = world.client("admin"), []
    harmless = {"email": f"{HARMLESS}@example.com", "name": HARMLESS, "employee_id": HARMLESS}
    added = client.post("/setup/people/new/", harmless)["Location"]  # the page after it tells that it is stored
    known = shape_of(client, "/setup/people/new/", added)
    for refused in ({"email": "x"}, harmless, {"email": "x@example.com", "name": "x" * 201, "employee_id": "x" * 65}):
        known |= Skeleton(client.post("/setup/people/new/", refused).content.decode()).parts
    for number, text in enumerate(texts()):
        email = f"n{number}@example.com"
        response = client.post("/setup/people/new/", {"email": email, "name": text, "employee_id": text[:64]})
        person = User.objects.filter(email=email).first()
        if not is_storable(text):
            assert (response.status_code, person) == (400, None)
            continue
        if person is None:
            page = Skeleton(response.content.decode())
            fine = response.status_code == 422 and page.values["name"] == text
        else:
            page = Skeleton(client.get(f"/setup/people/{person.pk}/").content.decode())
            fine = (person.name, person.employee_id) == (text.strip(), text[:64].strip())
            fine = fine and page.values["name"] == person.name
        if not fine or page.parts - known:
            wrong.append((text, response.status_code, person and person.name, page.parts - known))
    assert wrong == []


@with_corpus
def test_pasted_names_are_stored_or_refused_by_row_and_the_file_gives_them_back(world, texts):
    names = [text.replace("\x00", "") for text in texts()]
    rows = io.StringIO()
    writer = csv.writer(rows, delimiter="\t", quoting=csv.QUOTE_ALL)
    writer.writerows([("email", "name"), *((f"p{i}@example.com", name) for i, name in enumerate(names))])
    batch = upload("people", rows.getvalue().encode(), filename="pasted.txt", mapping={"format": {"delimiter": "\t"}})
    batches.preview(batch)
    batch.is_partial = True
    batches.commit(batch)
    stored = dict(User.objects.filter(email__startswith="p").values_list("email", "name"))
    refused = dict(ImportRow.objects.filter(batch=batch).values_list("number", "value"))
    lost = []
    for i, name in enumerate(names):
        email = f"p{i}@example.com"
        back = stored[email] if email in stored else refused.get(i + 2)
        bare = name.strip()
        plain = bare[1:] if bare.startswith("'") and bare[1:2] in FORMULA else bare  # our own exports' mark
        if back not in (plain, plain or email):  # an empty name becomes the address
            lost.append((name, back))
    assert lost == []
    assert batch.read == len(names)


@with_corpus
def test_what_is_no_amount_stays_in_its_cell_and_stores_nothing(world, texts):
    client = world.client("admin")
    url = "/targets/2026/territories/?measure=revenue"
    empty = Skeleton(client.get(url).content.decode())
    cells = [name for name in empty.values if name.startswith("c:")]
    known = empty.parts | Skeleton(client.post(url, {cells[0]: "no amount"}).content.decode()).parts
    unstorable = [text for text in texts() if not is_storable(text)]
    assert [client.post(url, {cells[0]: text}).status_code for text in unstorable] == [400] * len(unstorable)
    rest = [text for text in texts() if is_storable(text) and not is_amount(text)]
    while rest:
        now, rest = rest[: len(cells)], rest[len(cells) :]
        response = client.post(url, dict(zip(cells, now, strict=False)))
        page = Skeleton(response.content.decode())
        assert (response.status_code, page.parts - known) == (422, set())
        kept = [page.values[cell] for cell in cells[: len(now)]]
        assert kept == now
    assert not Target.objects.filter(measure="revenue").exists()


def is_amount(text: str) -> bool:
    try:
        parse_amount(text.strip())
    except ValueError:
        return not text.strip()
    return True


@with_corpus
def test_a_cell_takes_an_amount_or_says_why_not(world, texts):
    client, url = world.client("admin"), "/targets/2026/territories/?measure=revenue"
    cell = next(name for name in Skeleton(client.get(url).content.decode()).values if name.startswith("c:"))
    for text in filter(is_amount, texts()):
        response = client.post(url, {cell: text})
        stored = Target.objects.filter(measure="revenue").values_list("amount", flat=True).first()
        if response.status_code == 302:
            assert stored == (parse_amount(text.strip()) if text.strip() else None), text
        else:
            assert response.status_code == 422, text
            assert Skeleton(response.content.decode()).values[cell] == text
        Target.objects.filter(measure="revenue").delete()


@with_corpus
def test_addresses_with_naughty_values_lead_to_pages_of_the_usual_make(world, texts):
    client, wrong = world.client("admin"), []
    places = [(page, name) for page, names in PAGES.items() for name in names]
    known = {
        page: shape_of(client, page, *(f"{page}?{name}={HARMLESS}" for name in names)) for page, names in PAGES.items()
    }
    for number, text in enumerate(texts()):
        page, name = places[number % len(places)]
        response = client.get(f"{page}?{name}={sent(text)}")
        more = Skeleton(response.content.decode()).parts - known[page] if response.status_code == 200 else set()
        if response.status_code not in (200, 302, 404) or more:
            wrong.append((page, name, text, response.status_code, more))
    assert wrong == []


@pytest.mark.parametrize("text", ["<b>", "<!-- -->", '"><img src=x>', "<a href='javascript:x'>"])
def test_the_sweep_notices_a_text_that_was_not_escaped(text):
    harmless = Skeleton(f'<p title="{HARMLESS}">{HARMLESS}<a href="/"></a>').parts
    assert Skeleton(f'<p title="{HARMLESS}">{text}<a href="/"></a>').parts - harmless
    assert not Skeleton(f'<p title="{escape(text)}">{escape(text)}<a href="/"></a>').parts - harmless
