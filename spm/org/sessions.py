"""Where a person is signed in."""

from spm.org.models import User


def end(person: User, pk: int) -> bool:
    """Sign one browser of the person out; False where there is no such session (any more)."""
    session = person.usersession_set.filter(pk=pk).first()  # type: ignore[attr-defined]  # allauth has no stubs
    if session is None:
        return False
    session.end()
    return True
