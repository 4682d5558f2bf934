"""How allauth's mails leave: by a job, so that no request waits for a mail server or tells by its time who is known."""

from typing import Any

from allauth.account.adapter import get_current_site
from allauth.core import context as current

from spm.jobs import account_mails
from spm.org import adapters


class AccountAdapter(adapters.AccountAdapter):
    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Render as allauth does, with the request that its templates quote; a job sends."""
        request = current.request
        told = {"request": request, "email": email, "current_site": get_current_site(request), **context}
        account_mails.ask(self.render_mail(template_prefix, email, told))

    def forgotten(self, email: str, language: str) -> None:
        """Somebody asks for a new password: whether the address is anybody's, the job finds out."""
        account_mails.ask_reset(email, language)
