"""Reads of imports."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models

from spm.org.scopes import scope_of

if TYPE_CHECKING:
    from spm.org.models import User


class ImportBatchQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Admins alone."""
        return self if scope_of(user).everything else self.none()


class ImportProfileQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Admins alone."""
        return self if scope_of(user).everything else self.none()
