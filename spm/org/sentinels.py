"""The House: a stored person row for sales without a rep, so that no key of a credit is ever NULL."""

from spm.org.models import User


def ensure_house(**_: object) -> None:
    """Make the House row where it is missing: after each migrate, and after a test's flush."""
    if not User.objects.filter(is_house=True).exists():
        User.objects.create_user(email="house@spm.invalid", name="House", is_house=True, is_active=False)
