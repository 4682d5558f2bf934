"""Pages as if nobody stood at their gates, and what differs between two answers that say the same."""

import re
import sys

import pytest

from spm.org import access

CHANGING = re.compile(
    r'csrfmiddlewaretoken" value="[^"]*"|X-CSRFToken": "[^"]*"|csrftoken=[^;]*|expires=[^;]*|nonce-[^\'"]*'
)


def open_gates(patch: pytest.MonkeyPatch) -> None:
    """Let everybody pass where a page is for managers or admins: what they see then is up to the querysets alone."""
    for real in (access.can_administer, access.is_manager):
        for module in [module for module in sys.modules.values() if getattr(module, real.__name__, None) is real]:
            patch.setattr(module, real.__name__, lambda user: True)
