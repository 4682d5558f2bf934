"""The policy table: one entry per named route."""

from tests.access.policy import (
    ACTED,
    Access,
    anonymous_only,
    public,
    signed_in,
    statuses,
)

EITHER = statuses(200, 302)
ACCOUNT = {
    "account_login": Access(anonymous_only(), anonymous_only(ACTED)),
    "account_logout": Access(public(EITHER), public(EITHER)),
}
ROUTES: dict[str, Access] = {**ACCOUNT}
__all__ = ["ROUTES", "signed_in"]
