"""Territories: rules and moves, markets, account maps, and the one-page plans."""

from typing import Any

app_name = "territories"
urlpatterns: list[Any] = []
