"""The five files that head docs/architecture.md: a booking does pass through them, one handing on to the next."""

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FIRST_SECTION = (ROOT / "docs/architecture.md").read_text("utf-8").split("\n## ")[1]
FILES = re.findall(r"^\d+\. `([\w/]+\.py)`", FIRST_SECTION, re.MULTILINE)


def module(path):
    return path.removesuffix(".py").replace("/", ".")


def tree(path):
    return ast.parse((ROOT / path).read_text("utf-8"))


def imported(path):
    """Dotted names: modules, and what is taken from them."""
    froms = [node for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom)]
    return {name for node in froms for name in (node.module, *(f"{node.module}.{each.name}" for each in node.names))}


def told(path, verb):
    """The first argument of each call of ``verb``, where it is written out."""
    calls = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call) and node.args]
    named = [node for node in calls if isinstance(node.func, ast.Name) and node.func.id == verb]
    return {node.args[0].value for node in named if isinstance(node.args[0], ast.Constant)}


def enqueued(path):
    """Jobs that a file asks for, itself or by a module it imports."""
    files = [name.replace(".", "/") + ".py" for name in imported(path)]
    return {job for each in (path, *files) if (ROOT / each).is_file() for job in told(each, "enqueue")}


def tables(path):
    return {name for name in imported(path) if ".models." in name}


def test_the_list_names_five_files():
    assert len(FILES) == 5
    assert [path for path in FILES if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize(("before", "after"), list(pairwise(FILES)))
def test_each_file_hands_on_to_the_next(before, after):
    """By an import, by a job that the next one handles, or by a table that the next one reads."""
    is_called = module(after) in imported(before)
    assert is_called or enqueued(before) & told(after, "handler") or tables(before) & tables(after)
