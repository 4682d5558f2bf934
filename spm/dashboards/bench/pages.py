"""Pages as a browser asks for them, warm: the team page against a plain one, and how many queries each page takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from spm import memory
from spm.dashboards.bench.company import YEARS
from spm.org.models import Team, User

ROUNDS, WARM_UP = 60, 3
FRAME = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "UPDATE")  # of the session, not of the page


def measure() -> dict[str, Any]:
    """p95 of the page of the topmost team, and of the whole company's allocation, against a plain signed-in page, in
    turns; the most queries of any page.

    Garbage is collected and frames are kept as in a web process.
    """
    with _private_surroundings():
        admin = User.objects.get(email="manager0@bench.invalid")
        User.objects.filter(pk=admin.pk).update(is_admin=True)
        client = _signed_in(admin)
        team = reverse("dashboards:team", args=[Team.objects.order_by("pk").values_list("pk", flat=True)[0]])
        memory.settle()
        allocation = reverse("targets:allocate", args=[str(YEARS[-1])])
        page, allocation_page, plain = _p95(client, team, allocation, reverse("dashboards:coaching"))
        counts = dict(_query_counts(client))
    widest = max(counts, key=lambda address: counts[address])
    return {
        "page_p95_ms": round(page * 1000, 1),
        "plain_page_p95_ms": round(plain * 1000, 1),
        "page_vs_plain_page": round(page / plain, 2),
        "allocation_page_p95_ms": round(allocation_page * 1000, 1),
        "allocation_page_vs_plain_page": round(allocation_page / plain, 2),
        "queries_max": counts[widest],
        "queries_max_page": widest,
    }


@contextmanager
def _private_surroundings() -> Iterator[None]:
    """A cache of this process alone, since what pages keep there bears keys of this database; no collected files."""
    storages = settings.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    caches = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "bench"}}
    with override_settings(CACHES=caches, STORAGES=storages, ALLOWED_HOSTS=["testserver"]):
        yield


def _signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def _p95(client: Client, *addresses: str) -> list[float]:
    """The 95th of a hundred answers in seconds, per address; in turns, so that a busy machine slows all alike."""
    for address in addresses * WARM_UP:
        _get(client, address)
    taken: dict[str, list[float]] = {address: [] for address in addresses}
    for _round in range(ROUNDS):
        for address in addresses:
            started = perf_counter()
            _get(client, address)
            taken[address].append(perf_counter() - started)
    return [sorted(times)[ROUNDS * 95 // 100] for times in taken.values()]


def _get(client: Client, address: str) -> None:
    answer = memory.in_one_piece(client.get)(address, secure=True)
    answer.close()
    if answer.status_code != 200:
        raise CommandError(f"The bench got {answer.status_code} for {address}.")


def _query_counts(client: Client) -> Iterator[tuple[str, int]]:
    """Address and queries of every kind of page, warm, as an admin who sees all of the company."""
    for address in _addresses():
        _get(client, address)
        with CaptureQueriesContext(connection) as caught:
            _get(client, address)
        yield address, sum(not query["sql"].startswith(FRAME) for query in caught.captured_queries)


def _addresses() -> list[str]:
    rep = User.objects.get(email="rep0@bench.invalid").pk
    team = Team.objects.order_by("pk").values_list("pk", flat=True)[0]
    year = str(YEARS[-1])
    named = ["home", "performance", "actuals", "territories", "coaching", "meetings", "settings"]
    setup = ["overview", "company", "calendar", "people", "teams", "territories", "audit"]
    grids = ["year", "company", "allocate", "territories"]
    return [
        *(reverse(f"dashboards:{name}") for name in named),
        reverse("dashboards:team", args=[team]),
        reverse("dashboards:rep", args=[rep]),
        reverse("targets:year-list"),
        *(reverse(f"targets:{name}", args=[year]) for name in grids),
        reverse("targets:quota", args=[year, rep]),
        reverse("targets:team", args=[year, team]),
        *(reverse(f"setup:{name}") for name in setup),
        reverse("setup:person", args=[rep]),
        reverse("setup:team", args=[team]),
        reverse("imports:list"),
        reverse("imports:kinds"),
        reverse("jobs:list"),
    ]
