"""Model relations obey the same order as imports: string foreign keys escape import-linter."""

import tomllib
from pathlib import Path

from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"][0]
LAYERS = CONTRACT["layers"]
OURS = [config for config in apps.get_app_configs() if config.name in LAYERS]


def test_no_model_points_upward():
    upward = [
        f"{model._meta.label}.{field.name} → {field.related_model._meta.label}"
        for config in OURS
        for model in config.get_models()
        for field in model._meta.get_fields()
        if (field.many_to_one or field.one_to_one or field.many_to_many) and not field.auto_created
        if field.related_model._meta.app_config in OURS
        if LAYERS.index(field.related_model._meta.app_config.name) < LAYERS.index(config.name)
    ]
    assert upward == []


def test_every_app_of_ours_stands_in_the_contract():
    roots = {path.parent.relative_to(ROOT).as_posix().replace("/", ".") for path in ROOT.glob("*/apps.py")}
    inside = {f"spm.{path.parent.name}" for path in ROOT.glob("spm/*/apps.py")}
    assert (roots | inside) <= set(LAYERS)
