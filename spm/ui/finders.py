"""Third-party assets out of installed packages: the few files in use, under ``vendor/``. None is committed."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bootstrap_wrapper
import django_htmx
import plotly
from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage

from spm.ui.assets import plotly_styles

BOOTSTRAP = Path(bootstrap_wrapper.get_bootstrap_dir())
VENDOR_FILES = {
    "vendor/bootstrap.min.css": BOOTSTRAP / "css" / "bootstrap.min.css",
    "vendor/bootstrap.bundle.min.js": BOOTSTRAP / "js" / "bootstrap.bundle.min.js",
    "vendor/htmx.min.js": Path(django_htmx.__file__).parent / "static" / "django_htmx" / "htmx-2.min.js",
    "vendor/plotly.min.js": Path(plotly.__file__).parent / "package_data" / "plotly.min.js",
}


SOURCE_MAP = re.compile(rb"(/\*|//)# sourceMappingURL=\S+( \*/)?\s*\Z")
PLOTLY_STYLES = "vendor/plotly.css"


def vendor_file(name: str) -> Path | None:
    """Where the asset served as ``name`` is kept; the style sheet of Plotly is written on first use."""
    if name == PLOTLY_STYLES:
        return written_plotly_styles()
    return VENDOR_FILES.get(name)


def written_plotly_styles() -> Path:
    """The generated style sheet, in the data folder under the version of the package it was made from."""
    path: Path = settings.DATA_DIR / "generated" / f"plotly-{plotly.__version__}.css"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(plotly_styles(VENDOR_FILES["vendor/plotly.min.js"]), encoding="utf-8")
    return path


class VendorStorage(FileSystemStorage):
    """Opens each asset under the name it is served by, wherever its package keeps it.

    Without its source map's address: the maps are not served, and the manifest would insist on them.
    """

    def path(self, name: str) -> str:
        found = vendor_file(name.replace("\\", "/"))
        if found is None:
            raise FileNotFoundError(name)
        return str(found)

    def _open(self, name: str, mode: str = "rb") -> File:
        return ContentFile(SOURCE_MAP.sub(b"", Path(self.path(name)).read_bytes()), name=name)


class VendorFinder(BaseFinder):
    """Finds the assets of ``VENDOR_FILES``; collecting a whole package would take tens of seconds."""

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = vendor_file(path.replace("\\", "/"))
        if found is None:
            return []
        return [str(found)] if find_all else str(found)

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, Storage]]:
        storage = VendorStorage()
        for name in (*VENDOR_FILES, PLOTLY_STYLES):
            yield name, storage
