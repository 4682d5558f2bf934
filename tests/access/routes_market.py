"""The policy of target markets and customers: who owns the territory and managers above write; others know nothing."""

from tests.access.policy import ACTED, HIDDEN, NO_METHOD, Access, public, who_sees

LAND = (("pk", "territory"),)
VERB = Access(public(NO_METHOD), who_sees(ACTED), kinds=LAND)
VERB_ON_CUSTOMER = Access(public(NO_METHOD), who_sees(ACTED), kinds=(*LAND, ("customer", "target_customer")))
ASKED = "?territory={territory}"
MARKET = {
    "dashboards:white-space": Access(
        who_sees(), query=ASKED, also=("?person={person}", "?person={person}&sort=-pipeline&period=2026"), exports=True
    ),
    "dashboards:white-cell": Access(who_sees(), query=ASKED + "&account={account}&family={family}"),
    "territories:market-page": Access(who_sees(), kinds=LAND, exports=True, tables=("markets",)),
    "territories:market-save": VERB,
    "territories:customer-add": Access(
        public(NO_METHOD), who_sees(HIDDEN), kinds=LAND, form=(("account", "{account}"),), filled=who_sees(ACTED)
    ),
    "territories:customer-rank": VERB_ON_CUSTOMER,
    "territories:customer-want": VERB_ON_CUSTOMER,
    "territories:customer-restore": Access(
        public(NO_METHOD), who_sees(ACTED), kinds=(*LAND, ("customer", "gone_customer"))
    ),
    "territories:market-restore": Access(public(NO_METHOD), who_sees(ACTED), kinds=(*LAND, ("market", "gone_market"))),
}
