"""Plans on paper without a browser: PDF by WeasyPrint, which comes with the optional extra ``pdf``.

It is imported when it is needed, and an installation without it says so in words; printing from the browser works
everywhere.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.contrib.staticfiles import finders
from django.utils.translation import gettext as _

from spm.errors import RuleViolation

STYLES = ("css/plan_print.css", "css/plan_pdf.css")


class NoPdf(RuleViolation):
    """The optional extra is not installed, or a library of the system is missing."""


def is_installed() -> bool:
    """Whether the extra is there; what it needs of the system shows when it is first used."""
    return find_spec("weasyprint") is not None


def pdf_of(html: str) -> bytes:
    """The document as PDF. Nothing is fetched: its styles are this product's own. Raises NoPdf."""
    engine = _engine()
    styles = [engine.CSS(filename=_found(name)) for name in STYLES]
    made: bytes = engine.HTML(string=html, url_fetcher=_refuse).write_pdf(stylesheets=styles)
    return made


def _engine() -> Any:
    try:
        return import_module("weasyprint")
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
