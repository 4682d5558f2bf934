"""What people who do not see everything can ask: addresses, forms filled in, jobs, rules."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core import mail
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from spm.dashboards.setup.queries import placed_words
from spm.jobs import runner
from spm.jobs.models import Job
from spm.market.models import Account, Contact, Territory
from spm.org.models import FiscalYear, User
from spm.talk.anchors import sees
from targets.models import Actual, Credit, OneOffDeal
from territories import access as territories_access
from territories import plan_files
from territories.choices import FileFormat, Need
from territories.models import AccountPlan, PlanFile, TargetCustomer, TerritoryPlan
from tests.access.gating import CHANGING, open_gates
from tests.access.policy import Access
from tests.access.routes import ROUTES, YEAR
from tests.access.sweep import looks, outcome, relations_of
from tests.access.world import World, rolled_back

OURS = ("dashboards", "imports", "jobs", "setup", "talk", "targets", "territories")
ASKERS = ("outsider", "elsewhere", "former", "owner")
type Answer = tuple[Any, ...]
type Form = tuple[str, dict[str, str], str, dict[str, str]]
"""Route, its arguments, method, what is filled in."""


@dataclass(frozen=True)
class Ask:
    """A request of an actor; ``past_gates``: as if nobody stood there, so that querysets alone decide."""

    route: str
    actor: str
    method: str
    url: str
    data: tuple[tuple[str, str], ...] = ()
    past_gates: bool = False

    def answer(self, world: World) -> Answer:
        """Status, text and messages, less what changes with each request; what the request writes is taken back."""
        with pytest.MonkeyPatch.context() as patch, rolled_back():
            if self.past_gates:
                open_gates(patch)
            response = getattr(world.client(self.actor), self.method)(self.url, dict(self.data))
            body = b"".join(response.streaming_content) if response.streaming else response.content
            told = [str(message) for message in get_messages(response.wsgi_request)]
            return outcome(response), CHANGING.sub("", body.decode("utf-8", "replace") + str(response.headers)), told


@dataclass(frozen=True)
class Told:
    """What a job, a sentence after a redirect or a rule says of rows that the one who asks does not see."""

    route: str
    says: Callable[[World, User], Any] = field(compare=False)
    actor: str = "outsider"

    def answer(self, world: World) -> Answer:
        user = User.objects.get(pk=world.users[self.actor].pk)
        with rolled_back():
            return (self.says(world, user),)


def asks(world: World) -> list[Ask | Told]:
    """Every page, file and form by four people, and by one of them as if the gates stood open."""
    found: dict[Ask | Told, None] = {}
    for actor, past_gates in (*((actor, False) for actor in ASKERS), ("outsider", True)):
        for name, access in ROUTES.items():
            if name.split(":")[0] in OURS:
                found |= dict.fromkeys(_of_route(world, name, access, actor, past_gates=past_gates))
        found |= dict.fromkeys(_filled_in(world, actor, past_gates=past_gates))
    return [*found, *OUTSIDE]


def _of_route(world: World, name: str, access: Access, actor: str, *, past_gates: bool) -> Iterator[Ask]:
    """Those that are not stopped at a gate: there no queryset is asked."""
    for relation in _told_apart(access):
        for method, rule in (("get", access.get), ("post", access.post)):
            expected = rule(actor, relation) if rule else frozenset()
            if expected - {405} and (past_gates or 403 not in expected or expected & {200, 302}):
                urls = looks(access, world, name, relation)
                for url in urls if method == "get" else urls[:1]:
                    yield Ask(name, actor, method, url, past_gates=past_gates)
        if access.kinds[:1] == YEAR and relation == "own" and access.get(actor, relation) & {200, 302, 403}:
            arguments = {key: world.objects[kind]["own"] for key, kind in access.kinds} | {"year": "2025"}
            yield Ask(name, actor, "get", reverse(name, kwargs=arguments), past_gates=past_gates)


def _told_apart(access: Access) -> tuple[str, ...]:
    """What is one's own to some of the askers and hidden from the others; a row that is missing tells of no leak."""
    return ("own", "other") if len(relations_of(access)) > 1 else ("own",)


def _filled_in(world: World, actor: str, *, past_gates: bool) -> Iterator[Ask]:
    """Forms and questions that name rows of the owner, in pages of the one who asks or of everybody."""
    own, other = ({kind: str(rows[relation]) for kind, rows in world.objects.items()} for relation in ("own", "other"))
    year, plan = {"year": "2026"}, {"pk": other["territory_plan"]}
    asked = {"effective": own["month_before"], "holder": f"person:{own['person']}", "measure": "bookings"}
    rule = {"territory": own["territory"], "priority": "1", "account_id": own["account_number"]}
    forms: list[Form] = [
        ("targets:propose", year, "post", {"team": own["team"], "measure": "bookings", "amount": "1"}),
        ("targets:allocate-undo", year, "post", {"batch": own["goal_batch"]}),
        ("targets:review-send", year, "post", {"person": own["person"]}),
        ("targets:scenario-undo", year | {"pk": own["scenario"]}, "post", {"step": own["step"]}),
        ("targets:version-compare", year, "get", {"a": own["plan"], "b": own["baseline"]}),
        ("targets:revision-new", {"year": "2025"}, "get", asked),
        ("territories:plan-territory", plan, "post", {"territory": own["territory"]}),
        ("territories:plan-save", plan, "post", {f"f.{other['account_line']}-account": own["account_number"]}),
        ("territories:plan-save", plan, "post", {"remove": own["plan_line"]}),
        *(
            ("territories:map-save", {"pk": other["account"]}, "post", {verb: "1"})
            for verb in ("remove", "erase", "drop")
        ),
        ("territories:account-plan-save", {"pk": other["account"], **year}, "post", {"remove": own["objective"]}),
        ("territories:account-plan-save", {"pk": own["account"], **year}, "post", {"remove": own["objective"]}),
        ("territories:rule-edit", {"pk": own["rule_set"], "rule": own["rule"]}, "post", rule),
        ("territories:move-new", {}, "post", {"accounts": own["account_number"]}),
        *_of_market(own, other),
        *(("territories:account-list", {}, "get", asked) for asked in _narrowed(own["territory"])),
        ("territories:plan-board", {}, "get", {"year": "2026"}),
        ("imports:detail", {"pk": own["loaded"]}, "get", {}),
        ("talk:resolve", {"pk": own["revision_thread"]}, "post", {}),
    ]
    for name, arguments, method, data in forms:
        yield Ask(name, actor, method, reverse(name, kwargs=arguments), tuple(data.items()), past_gates)


def _of_market(own: dict[str, str], other: dict[str, str]) -> Iterator[Form]:
    """Of the owner's rows, from the asker's territory and from the owner's."""
    family = {"family": own["family"]}
    for land in (own["territory"], other["territory"]):
        yield "dashboards:white-cell", {}, "get", {"territory": land, "account": own["account"]} | family
        yield "dashboards:white-space", {}, "get", {"territory": land, "white": "1"} | family
        yield "territories:customer-add", {"pk": land}, "post", {"account": own["account"]}
        for pressed in (
            {"drop-market": own["target_market"]},
            {"take-out": own["target_customer"]},
            {"add-customer": "1", "new-customer": own["account_number"]},
        ):
            yield "territories:market-save", {"pk": land}, "post", pressed


def _narrowed(territory: str) -> list[dict[str, str]]:
    return [{"territory": territory}, *({"need": need} for need in Need.values), {"sort": "met"}]


def _mailed(world: World, _user: User) -> int:
    """Mails about the letter of the owner, which is none of the outsider's business any more."""
    told = {"notifications": [world.objects["gone_notification"]["own"]]}
    mail.outbox.clear()
    runner.run(Job.objects.create(kind="notify", arguments=told, due_at="2026-09-18T00:00:00Z").pk)
    return len(mail.outbox)


def _plans_of_a_file(_world: World, user: User) -> int:
    """How many plans a file holds that the user asked for: of those whom the user sees."""
    year = FiscalYear.objects.get(label="2026")
    file = PlanFile.objects.create(fiscal_year=year, asked_by=user, format=FileFormat.PAGE)
    told = {"file": file.pk, "language": "en"}
    runner.run(Job.objects.create(kind="plan_file", arguments=told, due_at="2026-09-18T00:00:00Z").pk)
    return PlanFile.objects.get(pk=file.pk).plans


def _file_of_plans_of_others(world: World, user: User) -> str:
    """A file made while the user led whoever has a plan, fetched by the user of today."""
    everybody = list(TerritoryPlan.objects.values_list("pk", flat=True))
    made = {"holds": everybody, "data": b"plans", "made_at": timezone.now()}
    file = PlanFile(fiscal_year=FiscalYear.objects.earliest("starts_on"), asked_by=user, **made)
    try:
        return plan_files.download(file, user).decode()
    except Http404:
        return "not found"


def _white_space_beside_others(world: World, user: User) -> list[str]:
    """The white space of the user's own territory, where somebody else sold to one of its accounts."""
    account, family = Account.objects.get(name="Customerthistle Annex").pk, world.objects["family"]["own"]
    line = {"date": date(2026, 9, 11), "kind": "revenue", "amount": Decimal(1_000), "person": world.users["owner"]}
    sold = {"external_id": "white", "external_key": "white", "account_id": account, "product_family_id": family}
    actual = Actual.objects.create(source="crm", currency="EUR", **sold, **line)
    Credit.objects.create(actual=actual, territory_id=world.objects["territory"]["own"], **line)
    url = f"{reverse('dashboards:white-space')}?territory={world.objects['territory']['other']}"
    client = world.client("outsider")
    pages = (client.get(url), client.get(f"{url}&white=1&family={family}"))
    return [CHANGING.sub("", page.content.decode()) for page in pages]


def _wanted_by_number(world: World, user: User) -> list[tuple[str, bool]]:
    """Those the user's own territory wants once the number of somebody else's account was written there.

    Not the page, where the keys stand too: PostgreSQL gives each new row another one.
    """
    land, number = world.objects["territory"]["other"], world.objects["account_number"]["own"]
    typed = {"add-customer": "1", "new-customer": number}
    world.client("outsider").post(reverse("territories:market-save", args=[land]), typed)
    rows = TargetCustomer.objects.filter(territory=land).wanted()
    return [(row.name, row.account_id is None) for row in rows]


def _hears_of_move(world: World, user: User) -> bool:
    return sees(user, "move", world.objects["package"]["own"])


def _may_edit_market(world: World, user: User) -> bool:
    return territories_access.can_edit_market(user, Territory.objects.get(pk=world.objects["territory"]["own"]))


def _may_edit_map(world: World, user: User) -> bool:
    return territories_access.can_edit_map(user, Account.objects.get(pk=world.objects["account"]["own"]))


def _may_review_account(world: World, user: User) -> bool:
    return territories_access.can_review_account(user, AccountPlan.objects.get(account=world.objects["account"]["own"]))


OUTSIDE = (
    Told("job notify", _mailed),
    Told("job plan_file", _plans_of_a_file, "elsewhere"),
    Told("territories:plan-file", _file_of_plans_of_others, "elsewhere"),
    Told("white space", _white_space_beside_others),
    Told("account by its number", _wanted_by_number),
    Told("hears of a move", _hears_of_move),
    Told("after a change of team", lambda _world, user: placed_words(user, date(2026, 1, 1))),
    Told("can_edit_market", _may_edit_market),
    Told("can_edit_map", _may_edit_map),
    Told("can_review_account", _may_review_account, "elsewhere"),
    Told("one-off deals", lambda world, user: OneOffDeal.objects.all().visible_to(user).count()),
    Told("target customers", lambda world, user: TargetCustomer.objects.all().visible_to(user).count()),
    Told("contacts", lambda world, user: Contact.objects.all().visible_to(user).count()),
)
