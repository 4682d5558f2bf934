"""The message catalogues without GNU gettext: extraction, update and compilation by Babel.

Fresh machines have no ``msgfmt`` or ``xgettext``. Python files are read by Babel's extractor; templates are first
turned into Python by Django's own ``templatize``, so both agree on what a message is.
"""

import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.apps import apps
from django.conf import settings
from django.utils import timezone
from django.utils.translation.template import templatize

SOURCE_LANGUAGE = "en"
CONTEXT = (1, "c")
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": (CONTEXT, 2),
    "pgettext_lazy": (CONTEXT, 2),
    "npgettext": (CONTEXT, 2, 3),
    "npgettext_lazy": (CONTEXT, 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|%[sd]|<[^>]+>")
DEVELOPERS_ONLY = {"styleguide.html"}


def folder() -> Path:
    """Where the catalogues are kept."""
    return Path(settings.LOCALE_PATHS[0])


def languages() -> list[str]:
    return [code for code, _name in settings.LANGUAGES]


def po_path(language: str, root: Path | None = None) -> Path:
    return (root or folder()) / language / "LC_MESSAGES" / "django.po"


def extracted() -> Catalog:
    """Every message of our own code and templates, without a translation."""
    catalog = Catalog(project="SPM", version=settings.VERSION, charset="utf-8", fuzzy=False)
    for path in sources():
        text = path.read_text(encoding="utf-8")
        code = text if path.suffix == ".py" else template_code(text, path)
        for _line, message, comments, context in extract("python", io.BytesIO(code.encode()), KEYWORDS):
            catalog.add(message, auto_comments=comments, context=context)
    return catalog


def template_code(text: str, path: Path) -> str:
    """The messages of a template as Python calls, without the indentation of its lines, which Python would read."""
    return "\n".join(line.lstrip() for line in templatize(text, origin=str(path)).split("\n"))


def sources() -> Iterator[Path]:
    """Our Python files and templates, in a stable order; migrations, tests and the style guide are left out."""
    base = Path(settings.BASE_DIR)
    ours = {Path(config.path) for config in apps.get_app_configs() if Path(config.path).is_relative_to(base)}
    own_packages = sorted({path.relative_to(base).parts[0] for path in ours if ".venv" not in path.parts})
    for package in own_packages:
        yield from (path for path in sorted((base / package).rglob("*.py")) if "migrations" not in path.parts)
    for template in sorted((base / "templates").rglob("*")):
        if template.suffix in {".html", ".txt"} and template.name not in DEVELOPERS_ONLY:
            yield template


def updated(language: str, root: Path | None = None) -> Catalog:
    """The catalogue of ``language`` with today's messages: known translations kept, vanished ones dropped.

    English, the language of the source, is filled with the messages themselves.
    """
    catalog = stored(language, root)
    catalog.update(extracted(), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    if language == SOURCE_LANGUAGE:
        for message in messages(catalog):
            message.string = message.id
    return catalog


def stored(language: str, root: Path | None = None) -> Catalog:
    """The catalogue of ``language`` as its file holds it, empty where there is none."""
    path = po_path(language, root)
    if path.exists():
        return read_catalogue(path, language)
    return Catalog(
        locale=language,
        project="SPM",
        version=settings.VERSION,
        header_comment=f"# Messages of SPM, {language}. `manage.py catalogues` keeps them in step with the sources.",
        msgid_bugs_address="CONTRIBUTING.md",
        revision_date=timezone.now(),
        last_translator="SPM",
        language_team=language,
        charset="utf-8",
        fuzzy=False,
    )


def faults(language: str, root: Path | None = None) -> list[str]:
    """What keeps the file of ``language`` from being whole, a sentence each; an empty list when nothing does.

    The file must hold the messages of today's sources and no others, each translated, with the same placeholders.
    """
    catalog = stored(language, root)
    known, wanted = _keys(catalog), _keys(extracted())
    found = [f"not in the catalogue: {_name(key)}" for key in wanted if key not in known]
    found += [f"no longer in the sources: {_name(key)}" for key in known if key not in wanted]
    found += [f"not translated: {text}" for text in incomplete(catalog)]
    found += [f"placeholders differ: {text}" for text in mismatched(catalog)]
    return found


def mismatched(catalog: Catalog) -> list[str]:
    """The translated messages whose placeholders or markup differ from their source, plural forms one by one."""
    found = []
    for message in messages(catalog):
        source, forms = _forms(message.id), _forms(message.string)
        pairs = [(source[min(place, len(source) - 1)], form) for place, form in enumerate(forms) if form]
        if any(_placeholders(one) != _placeholders(other) for one, other in pairs):
            found.append(str(message.id))
    return found


def _placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))


def _keys(catalog: Catalog) -> dict[tuple[str, str | None], None]:
    """Message and context of each entry, in the order of the file."""
    return {(_forms(message.id)[0], message.context): None for message in messages(catalog)}


def _name(key: tuple[str, str | None]) -> str:
    text, context = key
    return f"{text} ({context})" if context else text


def _forms(text: str | list[str] | tuple[str, ...] | None) -> list[str]:
    """A message or translation as the list of its plural forms; one without any is a list of one empty text."""
    return [text or ""] if isinstance(text, str | None) else list(text)


def messages(catalog: Catalog) -> list[Message]:
    """The messages of a catalogue without its header."""
    return [message for message in catalog if message.id]


def incomplete(catalog: Catalog) -> list[str]:
    """The messages that are fuzzy or lack a translation, one of their plural forms included."""
    return [str(message.id) for message in messages(catalog) if message.fuzzy or not _has_all_forms(message)]


def _has_all_forms(message: Message) -> bool:
    forms = _forms(message.string)
    return bool(forms) and all(forms)


def read_catalogue(path: Path, language: str) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=language)


def write_catalogue(catalog: Catalog, path: Path) -> None:
    """Sorted and without line numbers, so that a change of code elsewhere leaves the file as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, no_location=True, sort_output=True, omit_header=False, width=0, include_previous=False)


def compile_all(root: Path | None = None) -> int:
    """Write each ``django.mo`` that is missing or older than its ``django.po``; how many were written.

    Safe when several processes start at once: each writes beside the file and moves it into place.
    """
    written = 0
    for language in languages():
        path = po_path(language, root)
        target = path.with_suffix(".mo")
        if not path.exists() or (target.exists() and target.stat().st_mtime >= path.stat().st_mtime):
            continue
        with NamedTemporaryFile(dir=path.parent, delete=False) as file:
            write_mo(file, read_catalogue(path, language))
        Path(file.name).chmod(0o644)
        os.replace(file.name, target)  # noqa: PTH105  # atomic, also where the target exists
        written += 1
    return written
