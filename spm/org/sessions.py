"""Where a person is signed in."""

from spm.org import audit, retries
from spm.org.choices import AuditKind
from spm.org.models import User


def end(person: User, pk: int) -> bool:
    """Sign one browser of the person out; False where there is no such session (any more)."""
    session = person.usersession_set.filter(pk=pk).first()  # type: ignore[attr-defined]  # allauth has no stubs
    if session is None:
        return False
    session.end()
    return True


def count_of(person: User) -> int:
    """How many browsers the person is signed in with."""
    found: int = person.usersession_set.count()  # type: ignore[attr-defined]  # allauth has no stubs
    return found


@retries.atomic
def end_all(person: User, *, by: User) -> int:
    """Sign the person out everywhere, with their next requests; how many browsers there were. The account stays.

    What an admin does for somebody whose device is lost (ASVS 7.4.5).
    """
    found = list(person.usersession_set.all())  # type: ignore[attr-defined]  # allauth has no stubs
    for session in found:
        session.end()
    audit.record(AuditKind.SIGN_OUT, actor=by, subject=person.email, sessions=len(found))
    return len(found)
