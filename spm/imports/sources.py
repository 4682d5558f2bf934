"""Where the lines of files come from: names that people type, the same in every spelling."""

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.imports.models import ImportBatch
from spm.keys import normalise

LENGTH = 60


class BadSource(RuleViolation):
    """The source has no name, too long a one, or one with characters that cannot be seen."""


def names() -> list[str]:
    """Each source of a file so far, in the spelling it was first given in, oldest first; one query."""
    first: dict[str, str] = {}
    for name in _stored():
        first.setdefault(normalise(name), name)
    return list(first.values())


def known(name: str) -> str:
    """The stored spelling of ``name``, the oldest but for one that is stored just so: the ids of its lines are unique
    within that one. The name itself where no file has come from there yet. Raises BadSource.
    """
    own = " ".join(name.split())
    if not own.isprintable():
        raise BadSource(
            _("The name of the source holds characters that cannot be seen. Type it instead of pasting it.")
        )
    if not own or len(own) > LENGTH:
        raise BadSource(_("A source has a name of at most %(most)d characters.") % {"most": LENGTH})
    stored = _stored()
    if own in stored:
        return own
    return next((other for other in stored if normalise(other) == normalise(own)), own)


def _stored() -> list[str]:
    """Every spelling of a source that a file came with, oldest first."""
    return list(dict.fromkeys(ImportBatch.objects.order_by("pk").values_list("source", flat=True).iterator()))
