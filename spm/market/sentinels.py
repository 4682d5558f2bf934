"""Unassigned: a stored territory row for credits that no territory claims, so that no key is ever NULL."""

from spm.market.models import Territory


def ensure_unassigned(**_: object) -> None:
    """Make the Unassigned row where it is missing: after each migrate, and after a test's flush."""
    if not Territory.objects.filter(is_unassigned=True).exists():
        Territory.objects.create(code="Unassigned", name="Unassigned", is_unassigned=True)
