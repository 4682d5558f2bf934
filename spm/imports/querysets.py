"""Reads of imports."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models

from spm.imports.kinds import names_for_managers
from spm.org.scopes import scope_of

if TYPE_CHECKING:
    from spm.org.models import User


class ImportBatchQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Admins all; managers what they uploaded themselves, of the kinds that are for them."""
        scope = scope_of(user)
        if scope.everything:
            return self
        return self.filter(created_by=user, kind__in=names_for_managers()) if scope.is_manager else self.none()


class ImportProfileQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Admins alone."""
        return self if scope_of(user).everything else self.none()
