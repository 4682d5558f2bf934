"""How allauth meets our people: no open registration, second-factor secrets encrypted at rest."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.http import HttpRequest

from spm.org import retries
from spm.org.ciphers import fernets
from spm.org.models import User

PURPOSE = "mfa"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no stubs
    """People are loaded or invited by an admin; nobody registers. ``spm.jobs.adapters`` adds how its mails leave."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no stubs
    """allauth keeps TOTP secrets and recovery seeds in clear unless these two are overridden."""

    def encrypt(self, text: str) -> str:
        return MultiFernet(fernets(PURPOSE)).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return MultiFernet(fernets(PURPOSE)).decrypt(encrypted_text.encode()).decode()


@retries.atomic
def rewrite_secrets(person: User) -> int:
    """Encrypt the person's secrets under the present key where a former one still holds them; how many rows changed."""
    if not settings.SECRET_KEY_FALLBACKS:
        return 0
    changed = 0
    for row in Authenticator.objects.filter(user=person).order_by("pk").select_for_update(no_key=True):
        renewed = {name: _renewed(value) for name, value in row.data.items()}
        if renewed != row.data:
            row.data = renewed
            row.save(update_fields=["data"])
            changed += 1
    return changed


def _renewed(value: Any) -> Any:
    """The value under the present key; as it is where no former key made it."""
    if isinstance(value, list):
        return [_renewed(part) for part in value]
    present, *former = fernets(PURPOSE)
    if not isinstance(value, str) or _opens(present, value) or not _opens(MultiFernet(former), value):
        return value
    return MultiFernet([present, *former]).rotate(value.encode()).decode()


def _opens(key: Fernet | MultiFernet, text: str) -> bool:
    try:
        key.decrypt(text.encode())
    except InvalidToken:
        return False
    return True
