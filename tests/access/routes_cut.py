"""The policy of rules: how the market is cut is for admins alone."""

from tests.access.policy import ACTED, NO_METHOD, Access, admins, public

RULE_SET = (("pk", "rule_set"),)
RULE = (*RULE_SET, ("rule", "rule"))
CUT = {
    "territories:rule-sets": Access(admins(), admins(ACTED), exports=True),
    "territories:rule-set": Access(admins(), kinds=RULE_SET, exports=True, tables=("overlaps", "unplaced")),
    "territories:rule-edit": Access(admins(), admins(ACTED), kinds=RULE),
    "territories:rule-delete": Access(public(NO_METHOD), admins(ACTED), kinds=RULE),
    "territories:rule-set-preview": Access(
        admins(), kinds=RULE_SET, also=("?on=2026-12-01",), exports=True, tables=("ways",)
    ),
    "territories:rule-set-activate": Access(public(NO_METHOD), admins(ACTED), kinds=RULE_SET),
    "territories:rule-set-discard": Access(public(NO_METHOD), admins(ACTED), kinds=RULE_SET),
}
