"""Values of a job that its row must not show: encrypted in the database, opened by the worker, wiped when done."""

import json
from typing import Any

from cryptography.fernet import InvalidToken, MultiFernet
from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.org.ciphers import fernets

PURPOSE = "jobs"


class Wiped(RuleViolation):
    """What was sealed is no longer kept, or the key that opens it is gone: the job must be asked for anew."""


def seal(values: dict[str, Any]) -> str:
    """JSON values as text that SECRET_KEY alone opens."""
    return MultiFernet(fernets(PURPOSE)).encrypt(json.dumps(values).encode()).decode()


def unseal(text: str) -> dict[str, Any]:
    """The values that were sealed. Raises Wiped."""
    try:
        values: dict[str, Any] = json.loads(MultiFernet(fernets(PURPOSE)).decrypt(text.encode()))
    except InvalidToken as error:
        raise Wiped(_("What this job needs is no longer kept. Ask for it anew.")) from error
    return values
