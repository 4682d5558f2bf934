"""What never reaches a log."""

import pytest

from spm.logs import mask_tokens


@pytest.mark.parametrize(
    ("written", "logged"),
    [
        ("GET /invitations/MzQ:1tXy-a9_Qz0abcdefgh12/", "GET /invitations/…/"),
        (
            "Not Found: /accounts/password/reset/key/4-cx9a2b-0123456789abcdef/",
            "Not Found: /accounts/password/reset/key/…/",
        ),
        ("GET /x?key=0123456789abcdefABCDEF", "GET /x?key=…"),
        ("GET /performance/teams/12/?period=2026-Q3", "GET /performance/teams/12/?period=2026-Q3"),
        ("GET /static/bootstrap.bundle.min.js", "GET /static/bootstrap.bundle.min.js"),
    ],
)
def test_one_time_keys_in_addresses_are_masked(written, logged):
    assert mask_tokens(None, "info", {"request": written})["request"] == logged
