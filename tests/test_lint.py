"""Rules of this house that no linter knows, read off the syntax trees."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import UniqueConstraint

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(
    path
    for top in ("spm", "targets", "territories", "coaching", "meetings")
    for path in (ROOT / top).rglob("*.py")
    if "migrations" not in path.parts
)
TREES = {path.relative_to(ROOT): ast.parse(path.read_text("utf-8")) for path in SOURCES}
SCREEN = re.compile(r"(views|forms|tables|queries)(_\w+)?\.py$|_(views|forms|tables|queries)\.py$|templatetags/")
MANAGERS = ("objects", "_default_manager", "_base_manager")
TRACKED = {model.__name__: model for model in apps.get_models() if hasattr(model, "history")}
MONEY = re.compile(r"money|amount|quota|cost|credit|rollup|measures|seasonality|crediting")


def nodes(kind, among=lambda path: True):
    """(place, node) of each syntax node of a kind, in the files whose path passes."""
    for path, tree in TREES.items():
        if among(path.as_posix()):
            yield from ((f"{path}:{node.lineno}", node) for node in ast.walk(tree) if isinstance(node, kind))


def calls(name, among=lambda path: True):
    """(place, call) of each ``….name(…)``."""
    for place, node in nodes(ast.Call, among):
        if isinstance(node.func, ast.Attribute) and node.func.attr == name:
            yield place, node


def starts_from_visible(call):
    return isinstance(call.func, ast.Attribute) and call.func.attr == "visible_to"


def model_of(call):
    """The model's name in ``Model.objects….verb(…)``, None where it cannot be told."""
    node = call.func
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
        if isinstance(node, ast.Attribute) and node.attr in MANAGERS and isinstance(node.value, ast.Name):
            return node.value.id
    return None


def test_screens_read_only_what_the_user_may_see():
    def is_screen(path):
        # The base form reads its own instance again, to find out that somebody else changed it.
        return SCREEN.search(path) is not None and path != "spm/ui/forms.py"

    allowed = {
        id(call.func.value) for place, call in nodes(ast.Call, is_screen) if starts_from_visible(call)
    }  # Model.objects in Model.objects.visible_to(…)
    found = [
        place
        for place, node in nodes(ast.Attribute, is_screen)
        if node.attr in MANAGERS and id(node) not in allowed and not _is_none(node, is_screen)
    ]
    assert found == []


def _is_none(manager, among):
    """``Model.objects.none()`` shows nothing."""
    return any(call.func.value is manager for place, call in calls("none", among))


@pytest.mark.parametrize("name", ["delay", "apply_async", "send_task"])
def test_messages_leave_from_the_queue_alone(name):
    assert [place for place, call in calls(name, lambda path: not path.startswith("spm/jobs/"))] == []


@pytest.mark.parametrize("name", ["mark_safe", "RawSQL", "SafeString"])
def test_no_text_is_declared_safe_and_no_sql_raw(name):
    """But by the one module that escapes what is put into constants."""

    def held(path):
        return path != "spm/ui/markup.py"

    found = [place for place, call in nodes(ast.Call, held) if isinstance(call.func, ast.Name) and call.func.id == name]
    assert found + [place for place, call in calls(name, held)] == []


def is_constant(node):
    """A text of the source, one of several, or a constant of its module: nothing that was read."""
    if isinstance(node, ast.BinOp):
        return is_constant(node.left) and is_constant(node.right)
    if isinstance(node, ast.Name):
        return node.id.isupper()
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_markup_is_put_together_from_constants():
    found = [
        (place, call.args[0])
        for place, call in nodes(ast.Call)
        if isinstance(call.func, ast.Name) and call.func.id == "html"
    ]
    assert len(found) > 20
    assert [place for place, pattern in found if not is_constant(pattern)] == []


def test_querysets_are_not_extended_by_sql():
    assert [place for name in ("extra", "raw") for place, call in calls(name)] == []


def test_templates_escape_everything():
    found = [
        path.relative_to(ROOT).as_posix()
        for path in ROOT.glob("templates/**/*.html")
        if re.search(r"\|\s*safe\b|autoescape off|<script>|<style|\sstyle=|\son\w+=\"", path.read_text("utf-8"))
    ]
    assert found == []


def test_no_insert_ignores_what_it_meets():
    found = [
        place for place, call in calls("bulk_create") for keyword in call.keywords if keyword.arg == "ignore_conflicts"
    ]
    assert found == []


@pytest.mark.parametrize("verb", ["update", "bulk_create", "bulk_update"])
def test_tracked_rows_are_not_changed_behind_their_history(verb):
    """The bench writes a company of its own, whose history nobody reads."""
    found = [
        f"{place} {model_of(call)}"
        for place, call in calls(verb, lambda path: "dashboards/bench/" not in path)
        if model_of(call) in TRACKED and not _is_untracked(TRACKED[model_of(call)], call)
    ]
    assert found == []


def _is_untracked(model, call):
    """``update(password=…)``: only columns that the history leaves out on purpose."""
    kept = {field.name for field in model.history.model._meta.fields}
    changed = {keyword.arg for keyword in call.keywords}
    return bool(changed) and not changed & (kept | {None})


def test_money_is_never_a_float():
    found = [
        place
        for place, node in nodes(ast.Call, lambda path: MONEY.search(path) is not None)
        if isinstance(node.func, ast.Name) and node.func.id == "float"
    ]
    assert found == []


def test_forms_name_their_fields():
    """What a form may write is written down; "all but these" would let in the next column."""
    metas = (node for _place, node in nodes(ast.ClassDef) if node.name == "Meta")
    given = [
        (part.lineno, target.id, part.value)
        for meta in metas
        for part in meta.body
        if isinstance(part, ast.Assign)
        for target in part.targets
        if isinstance(target, ast.Name)
    ]
    assert [
        line
        for line, name, value in given
        if name == "exclude" or (name == "fields" and isinstance(value, ast.Constant))
    ] == []


CALLS_OUT = {
    "spm/dashboards/setup/company_views.py": "smtplib",  # errors of the mail server
    "spm/jobs/mailing.py": "smtplib",  # the same
    "spm/jobs/management/commands/healthy.py": "http.client",  # asks this very installation whether it is well
    "spm/jobs/serving.py": "socket",  # whether a port is free
}


def test_nothing_calls_out_but_the_mail():
    speakers = {"socket", "ssl", "ftplib", "smtplib", "telnetlib", "http.client", "urllib.request", "requests", "httpx"}
    speakers |= {"aiohttp", "urllib3", "xmlrpc.client"}
    found = {}
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found |= {path.as_posix(): name for name in names if name in speakers}
    assert found == CALLS_OUT


WRITTEN = sorted(path for path in ROOT.rglob("*.py") if not set(path.parts) & {".venv", "var", "migrations"})
MOST_LINES, MOST_OF_A_FUNCTION = 400, 50


def test_files_have_at_most_400_lines():
    counts = {path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in WRITTEN}
    assert len(counts) > 500
    assert {name: count for name, count in counts.items() if count > MOST_LINES} == {}


def test_functions_have_at_most_50_lines():
    """Decorators are not counted, docstrings are."""
    functions = (
        (f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1)
        for path in WRITTEN
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert [f"{name}: {length}" for name, length in functions if length > MOST_OF_A_FUNCTION] == []


def test_nothing_is_left_for_later():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    own = Path(__file__).relative_to(ROOT).as_posix()
    words = re.compile(r"\b(TODO|FIXME|HACK)\b|files\.pythonhosted\.org|pypi\.org")
    found = [
        name
        for name in listed
        if name and name != own and (ROOT / name).is_file() and words.search((ROOT / name).read_text("utf-8", "ignore"))
    ]
    assert found == []


def test_what_is_got_or_created_is_unique_in_the_database():
    """Two processes that both find nothing must not both create (reliability.md §2)."""
    found = []
    for verb in ("get_or_create", "update_or_create"):
        for place, call in calls(verb):
            lookup = {keyword.arg for keyword in call.keywords} - {"defaults", "create_defaults"}
            model = next((each for each in apps.get_models() if each.__name__ == model_of(call)), None)
            if model is not None and None not in lookup and not _is_unique(model, lookup):
                found.append(f"{place} {sorted(lookup)}")
    assert found == []


def _is_unique(model, lookup):
    names = {name.removesuffix("_id") for name in lookup}
    single = {field.name for field in model._meta.fields if field.unique} | {"pk"}
    together = [
        set(rule.fields) for rule in model._meta.constraints if isinstance(rule, UniqueConstraint) and rule.fields
    ]
    return bool(names & single) or any(fields <= names for fields in together)
