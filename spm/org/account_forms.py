"""allauth's forms with our word for an e-mail address; its own differ from page to page and language to language."""

from typing import Any

from allauth.account.forms import LoginForm, ResetPasswordForm
from django.utils.translation import gettext_lazy as _


class SignInForm(LoginForm):  # type: ignore[misc]  # allauth has no stubs
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_email(self.fields["login"])


class ForgottenForm(ResetPasswordForm):  # type: ignore[misc]  # allauth has no stubs
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_email(self.fields["email"])


def _say_email(field: Any) -> None:
    field.label = _("E-mail")
    field.widget.attrs.pop("placeholder", None)
