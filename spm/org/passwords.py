"""What a password may be: 12 to 128 characters, no rules of composition, nothing that others would guess first.

The shortest length, the list of common passwords and likeness to name and e-mail are Django's validators, set beside
these in the settings. Rule: reliability.md §3, 6.2.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from spm.org.clock import company

LONGEST = 128
SHORTEST_WORD = 4  # of a company's name; shorter ones stand in any sentence


class MaximumLengthValidator:
    """Longer texts cost time to hash and are no safer."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > LONGEST:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        return _("Your password can have at most %(most)d characters.") % {"most": LONGEST}


class CompanyNameValidator:
    """The company's name is the first thing that somebody who attacks this company tries."""

    def validate(self, password: str, user: Any = None) -> None:
        found = company()
        words = _plain(found.name).split() if found else []
        if any(len(word) >= SHORTEST_WORD and word in _plain(password) for word in words):
            raise ValidationError(self.get_help_text(), code="password_names_company")

    def get_help_text(self) -> str:
        return _("Your password can’t contain the name of the company.")


def _plain(text: str) -> str:
    return "".join(char if char.isalnum() else " " for char in text.casefold())
