"""Handlers for the tests, registered for their duration."""

import pytest

from spm.jobs import registry


@pytest.fixture
def handle(monkeypatch):
    """handle(kind, function) registers a handler until the end of the test."""

    def register(kind, function):
        monkeypatch.setitem(registry._handlers, kind, function)

    return register
