"""allauth's forms with our word for an e-mail address; its own differ from page to page and language to language."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm, ResetPasswordForm
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class SignInForm(LoginForm):  # type: ignore[misc]  # allauth has no stubs
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_email(self.fields["login"])


class ForgottenForm(ResetPasswordForm):  # type: ignore[misc]  # allauth has no stubs
    """Looks nothing up, so that its answer and the time it takes say nothing of who has an account."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_email(self.fields["email"])

    def clean_email(self) -> str:
        email: str = get_adapter().clean_email(self.cleaned_data["email"])
        return email

    def save(self, request: HttpRequest, **_: Any) -> str:  # noqa: ARG002  # allauth's signature
        email: str = self.cleaned_data["email"]
        get_adapter().forgotten(email, get_language() or "")
        return email


def _say_email(field: Any) -> None:
    field.label = _("E-mail")
    field.widget.attrs.pop("placeholder", None)
