"""The company of this installation: its name, currency, time zone and language."""

from typing import Any

from babel.numbers import list_currencies
from django.conf import settings
from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.org import audit, retries
from spm.org.choices import AuditKind
from spm.org.models import Company, FiscalYear, User
from spm.zones import known_zones

NAME_LENGTH = 200
NO_CURRENCY = frozenset({"XXX", "XTS"})  # ISO 4217: "no currency" and "for testing"


class BadCompany(RuleViolation):
    """A setting of the company is not what it must be."""


@retries.atomic
def set_company(
    *, name: str, currency: str, timezone: str = "UTC", language: str = "en", by: User | None = None, **fields: Any
) -> Company:
    """Make the company, or change it; the same again changes nothing. No fiscal year comes with it.

    A second factor for admins is required from the start in production, and by choice where embedded. ``fields``:
    other columns of Company. Raises BadCompany with a sentence.
    """
    values = {
        "name": name.strip(),
        "currency": currency.strip().upper(),
        "timezone": timezone.strip(),
        "language": language,
        **fields,
    }
    _refuse(values)
    company = Company.objects.select_for_update().first()
    if company is None:
        company = Company(pk=1, require_admin_mfa=settings.PRODUCTION)
    elif company.currency != values["currency"] and FiscalYear.objects.exists():
        raise BadCompany(_("The currency stays %(code)s: amounts are kept in it.") % {"code": company.currency})
    changed = {field: value for field, value in values.items() if getattr(company, field) != value}
    is_new = company._state.adding  # noqa: SLF001  # Django's documented way to tell
    if changed or is_new:
        told = {field: (None if is_new else getattr(company, field), value) for field, value in changed.items()}
        for field, value in changed.items():
            setattr(company, field, value)
        company.save()
        audit.record(AuditKind.SETTINGS, actor=by, subject=company.name, changed=told)
    return company


@retries.atomic
def set_step(step: str, *, skipped: bool) -> bool:
    """Set a step of the first run aside, for every admin, or take it up again; False when it is so already.

    Raises BadCompany before there is a company to remember it.
    """
    company = Company.objects.select_for_update().first()
    if company is None:
        raise BadCompany(_("The company comes first: everything else stands on it."))
    if (step in company.skipped_steps) == skipped:
        return False
    others = [other for other in company.skipped_steps if other != step]
    company.skipped_steps = [*others, step] if skipped else others
    company.save(update_fields=["skipped_steps"])
    return True


def _refuse(values: dict[str, Any]) -> None:
    if not values["name"]:
        raise BadCompany(_("The company needs a name."))
    if len(values["name"]) > NAME_LENGTH:
        raise BadCompany(_("A name has at most %(most)d characters.") % {"most": NAME_LENGTH})
    if values["currency"] in NO_CURRENCY or values["currency"] not in list_currencies():
        raise BadCompany(
            _("“%(code)s” is not an ISO currency code, such as EUR or USD.") % {"code": values["currency"]}
        )
    if values["timezone"] not in known_zones():
        raise BadCompany(
            _("“%(zone)s” is not a time zone, such as Europe/Paris or UTC.") % {"zone": values["timezone"]}
        )
    languages = [code for code, _name in settings.LANGUAGES]
    if values["language"] not in languages:
        raise BadCompany(
            _("“%(language)s” is not a language of SPM: %(languages)s.")
            % {"language": values["language"], "languages": ", ".join(languages)}
        )
