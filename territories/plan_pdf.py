"""Plans on paper without a browser: PDF by WeasyPrint and pypdf, which come with the optional extra ``pdf``.

They are imported when they are needed, and an installation without them says so in words; printing from the browser
works everywhere.
"""

from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from typing import Any

from django.contrib.staticfiles import finders
from django.utils.translation import gettext as _

from spm.errors import RuleViolation

STYLES = ("css/plan_print.css", "css/plan_pdf.css")


class NoPdf(RuleViolation):
    """The optional extra is not installed, or a library of the system is missing."""


def is_installed() -> bool:
    """Whether the extra is there; what it needs of the system shows when it is first used."""
    return all(find_spec(name) is not None for name in ("weasyprint", "pypdf"))


class Booklet:
    """Documents drawn one after the other into one PDF: of each its finished pages alone are held, never its layout."""

    def __init__(self) -> None:
        """Raises NoPdf."""
        self._drawn, self._bound = _engine("weasyprint"), _engine("pypdf")
        self._styles = [self._drawn.CSS(filename=_found(name)) for name in STYLES]
        self._writer: Any = None

    def add(self, html: str) -> None:
        """Draw the document behind those that were added. Nothing is fetched: its styles are this product's own."""
        made = BytesIO(self._drawn.HTML(string=html, url_fetcher=_refuse).write_pdf(stylesheets=self._styles))
        if self._writer is None:
            self._writer = self._bound.PdfWriter(clone_from=made)  # the file is of its language, and bears its title
        else:
            self._writer.append(made, import_outline=False)

    @property
    def is_empty(self) -> bool:
        return self._writer is None

    def pdf(self) -> bytes:
        """The file; at least one document was added."""
        file = BytesIO()
        self._writer.write(file)
        return file.getvalue()


def _engine(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise NoPdf(
            _("PDF files need the optional extra: pip install “spm[pdf]”. Until then, print from the browser.")
        ) from error
    except OSError as error:
        raise NoPdf(
            _("PDF files need the libraries Pango and HarfBuzz on the server. Until then, print from the browser.")
        ) from error


def _found(name: str) -> str:
    path = finders.find(name)
    if not isinstance(path, str):
        raise FileNotFoundError(name)
    return path


def _refuse(url: str, *_rest: Any, **_more: Any) -> Any:
    """A fetcher that opens no address: a document of ours names none."""
    raise ValueError(f"nothing is fetched for a PDF file: {url}")
