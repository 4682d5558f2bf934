"""Reads for one cell of the white space: the credits it counts, what is open, and what similar accounts buy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import Http404

from spm.dashboards.actuals import Counted, Subject, as_counted, credits_of
from spm.dashboards.periods import View
from spm.dashboards.territory_market import PlanOf, plans_of
from spm.dashboards.white_cells import Cell
from spm.dashboards.white_space import Known, cell
from spm.keys import as_key
from spm.market.models import Account, AccountPlacement, Opportunity, Territory
from spm.org.models import Company, User
from territories import access, similar_accounts, target_customers
from territories.models import TargetCustomer
from territories.similar_accounts import Mean

MOST = 200
"""Credits that one page lists; a cell of more is told by the list behind the subject's number."""


@dataclass(frozen=True)
class CellPage:
    """``territory``: where the account stands today and the viewer sees it; ``may_add``: as a target customer there."""

    view: View
    company: Company
    subject: Subject
    account: Account
    family: str
    cell: Cell
    mean: Mean | None
    least: int
    counted: Sequence[Counted]  # the newest MOST of them
    has_more: bool
    deals: Sequence[Opportunity]
    is_opened: bool
    territory: Territory | None
    target: TargetCustomer | None
    may_add: bool
    plan: PlanOf | None


def cell_page(user: User, company: Company, view: View, subject: Subject, query: Any) -> CellPage:
    """Raises Http404 for an account or a family that there is not for the viewer."""
    family = target_customers.family_of(as_key(query.get("family", "")))
    worked = Account.objects.visible_to(user).worked_by(user).filter(pk=OuterRef("pk"))
    accounts: Any = Account.objects.visible_to(user).annotate(is_open=Exists(worked))
    account = accounts.filter(pk=as_key(query.get("account", ""))).first()
    if family is None or account is None:
        raise Http404
    every = credits_of(user, view, subject)
    known = Known.of(user, view, [account], every.select_related(None).order_by())
    here = every.filter(actual__account=account, actual__product_family=family)
    counted = [as_counted(row) for row in here[: MOST + 1]]
    deals = Opportunity.objects.visible_to(user).open_on(view.today).filter(account=account, product_family=family)
    placed = AccountPlacement.objects.visible_to(user).as_of(view.today).filter(account=account)
    stands = placed.filter(territory__isnull=False).select_related("territory").first()
    land = stands.territory if stands else None
    wanted = TargetCustomer.objects.visible_to(user).filter(account=account, territory=land)
    target = wanted.first() if land else None
    return CellPage(
        view=view,
        company=company,
        subject=subject,
        account=account,
        family=family.name,
        cell=cell(account, family.pk, family.name, known, company.currency),
        mean=known.means.get((similar_accounts.kin_of(account), family.pk)),
        least=similar_accounts.LEAST,
        counted=counted[:MOST],
        has_more=len(counted) > MOST,
        deals=list(deals.order_by("close_on", "pk")),
        is_opened=account.is_open,
        territory=land,
        target=target,
        may_add=land is not None and target is None and access.can_edit_market(user, land),
        plan=plans_of(user, view).get(land.pk) if land else None,
    )
