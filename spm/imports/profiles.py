"""Saved mappings: what was told once about a kind of file need not be told again."""

from spm.imports.mappings import Mapping
from spm.imports.models import ImportProfile
from spm.org.models import User


def keep(kind: str, name: str, mapping: Mapping, by: User) -> ImportProfile:
    """Save ``mapping`` as the profile ``name`` of import kind ``kind``; one of that name is replaced."""
    values = {"mapping": mapping.to_json(), "created_by": by}
    profile: ImportProfile = ImportProfile.objects.update_or_create(kind=kind, name=name, defaults=values)[0]
    return profile
