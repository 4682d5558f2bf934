"""The policy of move packages: managers and admins make them, whom one concerns sees it once it is proposed."""

from tests.access.policy import (
    ACTED,
    FORBIDDEN,
    HIDDEN,
    NO_METHOD,
    SHOWN,
    Access,
    Expected,
    Rule,
    managers,
    public,
    refused,
    signed_in,
    who_sees,
)
from tests.access.routes_market import MARKET

PACKAGE = (("pk", "package"),)
DRAFT = (("pk", "move_draft"),)
ALL_BUT_ADMIN = ("owner", "teammate", "outsider", "manager", "director", "elsewhere")


def makers(result: Expected = SHOWN) -> Rule:
    """Of a draft: the manager who made it, and admins; for everybody else there is none."""

    def rule(actor: str, relation: str) -> Expected:
        return refused(actor, result if actor in ("manager", "admin") and relation != "missing" else HIDDEN)

    return rule


VERB_OF_DRAFT = Access(public(NO_METHOD), makers(ACTED), kinds=DRAFT)
MOVES = {
    "territories:moves": Access(signed_in(), exports=True),
    "territories:move-new": Access(
        managers(), managers(ACTED), also=("?territory={territory}", "?account={account}", "?nowhere=1")
    ),
    "territories:move": Access(who_sees(), kinds=PACKAGE, exports=True, tables=("sides", "numbers")),
    "territories:move-print": Access(who_sees(), kinds=PACKAGE),
    "territories:move-edit": Access(makers(), makers(ACTED), kinds=DRAFT),
    "territories:move-propose": VERB_OF_DRAFT,
    "territories:move-apply": VERB_OF_DRAFT,
    "territories:move-discard": VERB_OF_DRAFT,
    "territories:move-withdraw": Access(public(NO_METHOD), who_sees(ACTED, forbidden_to=ALL_BUT_ADMIN), kinds=PACKAGE),
    "territories:move-reverse": Access(public(NO_METHOD), who_sees(FORBIDDEN), kinds=PACKAGE),
}
LAND = {**MARKET, **MOVES}
"""What is done with territories and accounts beside their maps."""
