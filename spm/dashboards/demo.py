"""The demo company: loaded through the import machine like any other company's files, and taken away with one verb."""

from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection, transaction
from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.org import guards
from spm.org.models import Company, FiscalYear, User


def is_loaded() -> bool:
    """Whether the company of this database is the demo company."""
    return Company.objects.filter(is_demo=True).exists()


def is_empty() -> bool:
    """Whether nobody and nothing has been stored yet, sentinels aside."""
    return not Company.objects.exists() and not User.objects.people().exists() and not FiscalYear.objects.exists()


def remove() -> None:
    """Take everything out of the database, the demo's people and their sessions included, as it was before the demo.

    In one transaction: the guards, which forbid just this, are dropped, and put back by the signal that ``migrate``
    sends, with the sentinel rows. Raises RuleViolation where the company is not the demo company.
    """
    if not is_loaded():
        raise RuleViolation(_("Only the demo company can be removed like this."))
    with transaction.atomic():
        guards.drop(connection)
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), tables, reset_sequences=True))
        ContentType.objects.clear_cache()
        emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)
