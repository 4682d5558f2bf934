"""Leaks planted at one read at a time: ``visible_to`` gives everything, but only where one line calls it.

A *read* is a call of ``visible_to`` (or of the gate ``visible_or_404``) together with the model it is called for, since
one line may read several tables.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.db.models import manager

from spm.org import gates

ROOT = Path(__file__).resolve().parents[2]
TOPS = ("spm", "targets", "territories")
VERBS = ("visible_to", "visible_or_404")
PROXY = manager.__file__  # the manager's copy of the queryset's method
GATE = ("visible_or_404", gates.__file__)

type Site = tuple[str, int, int]  # file, and where the call ends: line and column


@dataclass(frozen=True, order=True)
class Read:
    """``where``: ``file::function``, with a number behind it for the second call of one function, and so on."""

    where: str
    model: str

    def __str__(self) -> str:
        return f"{self.where} {self.model}"


def call_sites() -> dict[Site, str]:
    """Every call of the product that asks what somebody sees: the ``where`` of its reads, in the order of the text."""
    found: dict[Site, str] = {}
    for top in TOPS:
        for path in sorted((ROOT / top).rglob("*.py")):
            if "migrations" not in path.parts:
                _collect(ast.parse(path.read_text("utf-8")), path.relative_to(ROOT).as_posix(), "", found)
    return _numbered(dict(sorted(found.items())))


def _collect(node: ast.AST, path: str, function: str, found: dict[Site, str]) -> None:
    for child in ast.iter_child_nodes(node):
        inside = function
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            inside = f"{function}.{child.name}".lstrip(".")
        if isinstance(child, ast.Call) and _name(child.func) in VERBS and (path, function) != _gate():
            found[path, child.end_lineno or 0, child.end_col_offset or 0] = f"{path}::{function}"
        _collect(child, path, inside, found)


def _gate() -> tuple[str, str]:
    return Path(gates.__file__).relative_to(ROOT).as_posix(), "visible_or_404"


def _name(called: ast.expr) -> str:
    return getattr(called, "attr", getattr(called, "id", ""))


def _numbered(found: dict[Site, str]) -> dict[Site, str]:
    told: dict[str, int] = {}
    for site, where in found.items():
        told[where] = told.get(where, 0) + 1
        if told[where] > 1:
            found[site] = f"{where} #{told[where]}"
    return found


@dataclass
class Watch:
    """``met``: the reads since it was last emptied. ``leaks``: whether a read gives everything."""

    sites: dict[Site, str]
    met: set[Read] = field(default_factory=set)
    leaks: Callable[[Read], bool] = lambda read: False


@contextmanager
def watched() -> Iterator[Watch]:
    """Every ``visible_to`` asks the watch whether it leaks."""
    watch = Watch(call_sites())
    rows = (model._default_manager.all() for model in apps.get_models())
    classes = {each for row in rows for each in type(row).__mro__ if "visible_to" in vars(each)}
    with pytest.MonkeyPatch.context() as patch:
        for each in classes:
            patch.setattr(each, "visible_to", _watching(vars(each)["visible_to"], watch))
        yield watch


def _watching(real: Callable[..., Any], watch: Watch) -> Callable[..., Any]:
    def visible_to(self: models.QuerySet[Any], user: Any, **options: Any) -> models.QuerySet[Any]:
        where = watch.sites.get(_calling_site(sys._getframe(1)))
        if where is not None:
            read = Read(where, self.model.__name__)
            watch.met.add(read)
            if watch.leaks(read):
                return self.all()
        return real(self, user, **options)

    return visible_to


def _calling_site(frame: FrameType) -> Site:
    """Where a call stands: past the manager's copy of the method, and past the gate."""
    while frame.f_code.co_filename == PROXY or (frame.f_code.co_name, frame.f_code.co_filename) == GATE:
        frame = frame.f_back  # type: ignore[assignment]  # somebody called it
    _, line, _, column = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None))
    return frame.f_code.co_filename.removeprefix(f"{ROOT}/"), line or 0, column or 0
