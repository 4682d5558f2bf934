"""Hostile query strings, paths and forms: answered with a page, a redirect or a refusal, never with a crash."""

import random
import re
from urllib.parse import quote_from_bytes

import pytest

from tests.access.routes import ROUTES
from tests.access.sweep import address
from tests.access.world import rolled_back
from tests.hardening.addresses import parameters

pytestmark = pytest.mark.django_db
SEED = 20260918
ROUNDS = {"admin": 5, "manager": 3, "owner": 3}  # requests per route and method, hostile in most parameters
HOSTILE = [
    b"",
    b"0",
    b"-1",
    b"2147483648",
    b"9223372036854775808",
    b"9" * 40,
    b"9" * 5_000,  # more digits than int() reads
    b"1e309",
    b"NaN",
    b"\xc2\xb2",  # a digit to str.isdigit, no number to int
    b"\xd9\xa1",  # an Arabic one, which int() reads
    b"\x00",
    b"2026\x00",
    b"\xed\xa0\x80",  # a lone surrogate
    b"\xff\xfe",
    b"x" * 10_240,
    "\U0001f4c8\u200d\u2642\ufe0f".encode(),
    "\u202eevil\u2066".encode(),
    b"' OR 1=1 --",
    b'"; DROP TABLE org_user; --',
    b"<script>alert(1)</script>",
    b"{{7*7}}{% debug %}",
    b"%s%n%(x)s",
    b"../../../../etc/passwd",
    b"\r\nSet-Cookie: a=b",
    b"__class__",
    b"name__password",
    b"-",
    b"None",
    b"true",
    b"2026-13-45",
    b"0000-00-00",
    b"csv",
    b"9999-12-31",
    b"2026-Q9",
    b"bookings",
]
PARAMETERS = [
    "as_of",
    "period",
    "measure",
    "team",
    "compare",
    "sort",
    "view",
    "page",
    "format",
    "q",
    "show",
    "fragment",
    "person",
    "territory",
    "account",
    "day",
    "kind",
    "from",
    "to",
    "next",
]
FIELD = re.compile(r'<(?:input|select|textarea)[^>]*\sname="([^"]+)"')


def encoded(pairs) -> str:
    return "&".join(f"{name}={quote_from_bytes(value)}" for name, value in pairs)


def draw(rng, names) -> str:
    chosen = rng.sample(list(names), k=rng.randint(1, min(4, len(names))))
    return encoded([(name, rng.choice(HOSTILE)) for name in chosen])


def ask(client, method, url, **options) -> str:
    """What is wrong with the answer, or nothing."""
    try:
        with rolled_back():
            response = getattr(client, method)(url, **options)
    except Exception as error:  # noqa: BLE001  # whatever the page raised is the finding
        return f"{method.upper()} {url[:300]} {str(options)[:300]}: {error!r:.300}"
    if response.status_code >= 500 and "/health/ready/" not in url:
        return f"{method.upper()} {url[:300]}: {response.status_code}"
    return ""


def names_of(client, url) -> list[str]:
    with rolled_back():
        response = client.get(url)
    page = b"" if response.streaming else response.content
    return sorted(set(FIELD.findall(page.decode("utf-8", "replace"))) - {"csrfmiddlewaretoken"})


def test_the_fuzz_knows_every_parameter_that_the_code_reads():
    assert {"format", "measure", "page", "q", "show"} <= set(parameters())


@pytest.mark.parametrize("actor", ROUNDS)
def test_hostile_query_strings_are_answered(world, actor):
    rng, client, wrong = random.Random(SEED), world.client(actor), []
    names = sorted({*PARAMETERS, *parameters()})
    for name, access in ROUTES.items():
        if name.startswith(("account_", "mfa_", "usersessions_")):
            continue
        url = address(name, access, world, "own")
        path = url.partition("?")[0]
        read = sorted({*names_of(client, url), *PARAMETERS[:11]}) if actor == "admin" else names
        for _ in range(ROUNDS[actor]):
            wrong.append(ask(client, "get", f"{path}?{draw(rng, read)}"))
    assert [fault for fault in wrong if fault] == []


def test_every_hostile_value_of_every_parameter_of_the_numbers(world):
    client, wrong = world.client("admin"), []
    for value in HOSTILE[::2]:
        for url in ("/performance/", "/performance/actuals/", "/search/", "/setup/people/"):
            for name in ("period", "measure", "team", "person", "q", "page", "compare", "sort"):
                if (name == "q") == (url in ("/search/", "/setup/people/")) or name == "page":
                    wrong.append(ask(client, "get", f"{url}?{encoded([(name, value)])}"))
    assert [fault for fault in wrong if fault] == []


def test_hostile_paths_are_answered(world):
    client, wrong = world.client("admin"), []
    for name, access in ROUTES.items():
        own = address(name, access, world, "own").partition("?")[0]
        for _, kind in access.kinds:
            wanted = str(kind.removeprefix("=") if kind.startswith("=") else world.objects[kind]["own"])
            for value in (b"0", b"9223372036854775808", b"9" * 40, b"\x00", b"\xed\xa0\x80", b"'--", "\u0661".encode()):
                path = own.replace(f"/{wanted}/", f"/{quote_from_bytes(value)}/")
                wrong += [ask(client, method, path) for method in ("get", "post")]
    assert [fault for fault in wrong if fault] == []


def test_a_nul_in_any_form_is_told_before_any_rule_sees_it(world):
    client, wrong = world.client("admin"), []
    for name, access in ROUTES.items():
        if access.post is None or name == "account_logout":
            continue
        url = address(name, access, world, "own")
        with rolled_back():
            told = client.post(url, encoded([("x", b"1"), ("reason", b"a\x00b")]), "application/x-www-form-urlencoded")
        if told.status_code != 400:
            wrong.append((name, told.status_code))
    assert wrong == []


@pytest.mark.parametrize("actor", ROUNDS)
def test_hostile_forms_are_answered(world, actor):
    rng, wrong = random.Random(SEED), []
    for name, access in ROUTES.items():
        if access.post is None or name == "account_logout":
            continue
        client = world.client(actor)
        url = address(name, access, world, "own")
        fields = names_of(client, url) or ["reason", "person", "theme", "next", "starts_on", "team", "email"]
        for _ in range(ROUNDS[actor]):
            body = encoded([(field, rng.choice(HOSTILE)) for field in fields[:60]])
            wrong.append(ask(client, "post", url, data=body, content_type="application/x-www-form-urlencoded"))
        wrong.append(ask(client, "post", url, data=b"\x00", content_type="multipart/form-data; boundary=x"))
        wrong.append(ask(client, "post", url, data=b"{]", content_type="application/json"))
    assert [fault for fault in wrong if fault] == []
