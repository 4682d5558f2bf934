"""What of the market and of the plans the world holds for each rep: private words bear the rep's tokens."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone

from spm.market.models import Account, Contact, Opportunity, ProductFamily, Territory
from spm.org.models import FiscalYear, Period, User
from territories.choices import FileFormat, PlanState, Section, StakeholderRole
from territories.models import (
    AccountObjective,
    AccountPlan,
    AccountReview,
    DecisionStep,
    Influence,
    MovedAccount,
    MoveEvent,
    MovePackage,
    PlanFile,
    PlanReview,
    PlanSection,
    PlanTemplate,
    PlanVersion,
    RuleSet,
    Stakeholder,
    TargetCustomer,
    TargetMarket,
    TemplateSection,
    TerritoryPlan,
    TerritoryPlanLine,
    TerritoryRule,
)
from tests.builders import make_plan

Objects = dict[str, dict[str, Any]]


def settle_land(reps: dict[str, User], words: dict[str, str], objects: Objects, admin: User, maker: User) -> Objects:
    """Rows of every model of the market and of territories; the keys that addresses name, by kind and relation.

    ``words``: the private token of each relation. ``objects`` has the territory and the account of each.
    """
    year = FiscalYear.objects.get(label="2026")
    template = PlanTemplate.objects.create(fiscal_year=year)
    TemplateSection.objects.bulk_create(TemplateSection(template=template, section=section) for section in Section)
    kinds = ("territory_plan", "plan_line", "account_review", "objective", "target_market", "target_customer")
    found: Objects = {kind: {} for kind in kinds}
    family = ProductFamily.objects.create(name="Drives", key="drives")
    found["family"] = dict.fromkeys(("own", "team", "other"), family.pk)
    for relation, rep in reps.items():
        territory = Territory.objects.get(pk=objects["territory"][relation])
        account = Account.objects.get(pk=objects["account"][relation])
        plan, line = _plan(year, rep, territory, words[relation])
        market, customer = _market(territory, account, words[relation])
        found["target_market"][relation], found["target_customer"][relation] = market.pk, customer.pk
        review = _map(account, year, rep, words[relation])
        found["account_review"][relation] = review.pk
        found["objective"][relation] = review.plan.objectives.get().pk
        deal = {"name": words[relation], "opened_on": date(2026, 1, 5), "amount": Decimal(70), "product_family": family}
        Opportunity.objects.create(external_id=f"O-{relation}", account=account, owner=rep, **deal)
        found["territory_plan"][relation], found["plan_line"][relation] = plan.pk, line.pk
    across = {"account_id": objects["account"]["other"], "owner": reps["own"], "name": f"Across {words['own']}"}
    worth = {"amount": Decimal(917_351), "product_family": family}
    Opportunity.objects.create(external_id="O-across", opened_on=date(2026, 1, 5), **across, **worth)
    made = {"data": b"Whisperfile", "plans": 3, "made_at": timezone.now()}
    file = PlanFile.objects.create(fiscal_year=year, asked_by=admin, format=FileFormat.PDF, **made)
    found["plan_file"] = dict.fromkeys(("own", "team", "other"), file.pk)
    return found | _cut(objects, admin) | _moves(reps, words, objects, maker)


def _plan(year: FiscalYear, rep: User, territory: Territory, words: str) -> tuple[TerritoryPlan, TerritoryPlanLine]:
    plan = TerritoryPlan.objects.create(fiscal_year=year, person=rep, territory=territory, started_from="blank")
    PlanSection.objects.bulk_create(PlanSection(plan=plan, section=section) for section in Section)
    line = TerritoryPlanLine.objects.create(plan=plan, section=Section.GOALS, position=1, text=f"Secretly {words}")
    PlanVersion.objects.create(
        plan=plan, number=1, state=PlanState.SUBMITTED, content=_content(words), note=words, by=rep, at=timezone.now()
    )
    quarter = Period.objects.get(level="quarter", label="2026-Q1")
    PlanReview.objects.create(plan=plan, period=quarter, held_on=date(2026, 4, 2), notes=words, by=rep)
    return plan, line


def _content(words: str) -> dict[str, Any]:
    line = {"account": None, "account_name": "", "partner": "", "text": words, "entry": "", "next_step": ""}
    line |= {"risk": "", "amount": None, "due_on": None}
    lines: dict[str, list[Any]] = {section.value: [] for section in Section}
    return {"goals": {}, "base": None, "lines": lines | {"goals": [line]}}


def _market(territory: Territory, account: Account, words: str) -> tuple[TargetMarket, TargetCustomer]:
    market = TargetMarket.objects.create(territory=territory, name=words, profile=words, potential=Decimal(1))
    TargetCustomer.objects.create(territory=territory, name=f"Gone {words}", status="dropped", outcome_words=words)
    return market, TargetCustomer.objects.create(territory=territory, account=account, rank=1, reason=words)


def _map(account: Account, year: FiscalYear, rep: User, words: str) -> AccountReview:
    contact = Contact.objects.create(account=account, name=f"Contact {words}", title=words)
    Contact.objects.create(account=account, name=f"Not on the map {words}")
    known = Stakeholder.objects.create(
        account=account, contact=contact, role=StakeholderRole.DECIDER, next_step=words, relation=rep
    )
    unknown = Stakeholder.objects.create(account=account, placeholder=words, role=StakeholderRole.USER)
    Influence.objects.create(source=known, target=unknown)
    texts = {"name": words, "criterion": words, "evidence": words}
    DecisionStep.objects.create(account=account, position=1, owner=known, **texts)
    named = ("strategy", "strengths", "weaknesses", "chances", "threats", "next_steps")
    plan = AccountPlan.objects.create(account=account, fiscal_year=year, **dict.fromkeys(named, words))
    AccountObjective.objects.create(plan=plan, text=words, measure=words)
    held = {"held_on": date(2026, 4, 2), "by": rep, "score": 4, "comment": words}
    AccountReview.objects.create(plan=plan, due_on=date(2026, 4, 1), **held)
    return AccountReview.objects.create(plan=plan, due_on=date(2026, 10, 1))


def _cut(objects: Objects, admin: User) -> Objects:
    """A set of rules, two of which claim the same account, which admins alone see."""
    Account.objects.filter(pk=objects["account"]["own"]).update(country="fr")
    rules = RuleSet.objects.create(name="Whispercut", created_by=admin)
    territory = objects["territory"]["own"]
    rule = TerritoryRule.objects.create(rule_set=rules, territory_id=territory, country="fr")
    TerritoryRule.objects.create(rule_set=rules, territory_id=objects["territory"]["other"], country="fr")
    keys = {"rule_set": rules.pk, "rule": rule.pk}
    return {kind: dict.fromkeys(("own", "team", "other"), pk) for kind, pk in keys.items()}


def _moves(reps: dict[str, User], words: dict[str, str], objects: Objects, maker: User) -> Objects:
    """A proposed package for each rep, with an account of theirs; and a draft, which its maker and admins see."""
    packages, plan = {}, make_plan(FiscalYear.objects.get(label="2026"))
    for relation, rep in reps.items():
        told = {"to_territory_id": objects["territory"][relation], "effective_on": date(2026, 10, 1), "to_person": rep}
        package = MovePackage.objects.create(
            name=f"Move {words[relation]}",
            reason=words[relation],
            state="proposed",
            created_by=rep,
            revision=plan,
            **told,
        )
        MovedAccount.objects.create(package=package, account_id=objects["account"][relation], from_person=rep)
        MoveEvent.objects.create(package=package, step="proposed", by=rep, at=timezone.now(), count=1)
        packages[relation] = package.pk
    told = {"to_territory_id": objects["territory"]["team"], "effective_on": date(2026, 10, 1)}
    sides = {"to_person": reps["team"], "created_by": maker}
    draft = MovePackage.objects.create(name="Whispermove", reason="Whispermove", **sides, **told)
    MovedAccount.objects.create(package=draft, account_id=objects["account"]["own"], from_person=reps["own"])
    return {"package": packages, "move_draft": dict.fromkeys(("own", "team", "other"), draft.pk)}
