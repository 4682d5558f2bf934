"""The policy table: one entry per named route. A new route gets its line here in the same commit."""

from tests.access.policy import ACTED, LOGIN, Access, anonymous_only, public, signed_in, statuses

# allauth's pages depend on where in a flow the session stands: shown, sent on, or (nothing to show) not found.
EITHER = statuses(200, 302, 404, LOGIN)

# Sign-in and the account pages: allauth's, about nobody but the user.
ACCOUNT = {
    "account_login": Access(anonymous_only(), anonymous_only(ACTED)),
    "account_logout": Access(public(EITHER), public(EITHER)),
    "account_inactive": Access(public()),
    "account_signup": Access(anonymous_only(), anonymous_only(ACTED)),
    "account_reauthenticate": Access(signed_in(EITHER), signed_in(ACTED | EITHER)),
    "account_email": Access(signed_in(EITHER), signed_in(ACTED | EITHER)),
    "account_email_verification_sent": Access(public(EITHER)),
    "account_change_password": Access(signed_in(EITHER), signed_in(ACTED | EITHER)),
    "account_set_password": Access(signed_in(EITHER), signed_in(ACTED | EITHER)),
    "account_reset_password": Access(public(EITHER), public(ACTED | EITHER)),
    "account_confirm_login_code": Access(public(EITHER), public(ACTED | EITHER)),
    "account_confirm_email": Access(public(EITHER), public(ACTED | EITHER), kinds=(("key", "=nokey"),)),
    "account_reset_password_from_key_done": Access(public(EITHER)),
    "account_reset_password_from_key": Access(
        public(EITHER), public(ACTED | EITHER), kinds=(("uidb36", "=1"), ("key", "=nokey"))
    ),
    "account_reset_password_done": Access(public(EITHER)),
    "mfa_index": Access(signed_in(EITHER)),
    "mfa_authenticate": Access(public(EITHER), public(ACTED | EITHER)),
    "mfa_reauthenticate": Access(signed_in(EITHER), signed_in(ACTED | EITHER)),
    "mfa_activate_totp": Access(signed_in(EITHER), signed_in(ACTED | EITHER)),
    "mfa_deactivate_totp": Access(signed_in(EITHER), signed_in(ACTED | EITHER)),
    "mfa_view_recovery_codes": Access(signed_in(EITHER)),
    "mfa_generate_recovery_codes": Access(signed_in(EITHER), signed_in(ACTED | EITHER)),
    "mfa_download_recovery_codes": Access(signed_in(EITHER)),
    "usersessions_list": Access(signed_in(EITHER), signed_in(ACTED | EITHER)),
}
ROUTES: dict[str, Access] = {**ACCOUNT}
