"""One uploaded file and what became of it. Knows no business table."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from spm.imports.choices import BatchState, RowOutcome
from spm.imports.querysets import ImportBatchQuerySet, ImportProfileQuerySet
from spm.jobs.models import Job
from spm.org import clock


class ImportBatch(models.Model):
    """One file of one kind: uploaded → previewed → committed or refused → perhaps undone."""

    kind = models.CharField(_("kind"), max_length=24)
    source = models.CharField(_("source"), max_length=60, default="file")
    filename = models.CharField(_("file"), max_length=255)
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=BatchState.choices, default=BatchState.UPLOADED)
    mapping = models.JSONField(default=dict, blank=True)
    is_snapshot = models.BooleanField(_("full snapshot"), default=False)
    is_partial = models.BooleanField(_("good rows only"), default=False)
    read = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    parked = models.PositiveIntegerField(default=0)
    superseded = models.PositiveIntegerField(default=0)
    reason = models.TextField(blank=True)  # why nothing was loaded, in words
    notes = models.JSONField(default=list, blank=True)  # what the reader decided or left out, in words
    differences = models.JSONField(default=dict, blank=True)  # ``spm.imports.differences``, number by number
    effects = models.JSONField(default=dict, blank=True)  # what the write touched, so that an undo touches it again
    milliseconds = models.PositiveIntegerField(default=0)  # of the last reading or commit
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")  # the commit under way
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="import_batches"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    committed_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = _("import batches")

    def __str__(self) -> str:
        return f"{self.kind} {self.filename}"

    @property
    def loaded(self) -> int:
        """Rows that changed something."""
        return self.new + self.changed


class ImportContent(models.Model):
    """A piece of the uploaded bytes: web and worker share no disk."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="contents")
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        ordering = ["batch", "number"]
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="import_content_once")]

    def __str__(self) -> str:
        return f"{self.batch_id} #{self.number}"


class ImportRow(models.Model):
    """One row that needs a person's eye: refused (with column, value and reason) or parked."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()  # as the spreadsheet shows it; the header is row 1
    outcome = models.CharField(max_length=10, choices=RowOutcome.choices)
    column = models.CharField(max_length=120, blank=True)
    value = models.TextField(blank=True)
    reason = models.TextField(blank=True)
    cells = models.JSONField(default=dict)  # canonical header → text, so that the row can be written out again
    facts = models.JSONField(default=dict)  # what its kind finds it by; empty where that says nothing

    class Meta:
        ordering = ["batch", "number", "pk"]

    def __str__(self) -> str:
        return f"{self.batch_id} row {self.number}"


class ImportChange(models.Model):
    """What a commit did to one stored row, so that it can be undone. Large kinds keep versions of their own instead."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="changes")
    model = models.CharField(max_length=60)  # app label and class name, as in ``org.Team``
    object_pk = models.BigIntegerField()
    before = models.JSONField(null=True)  # column → value; NULL = the row did not exist
    after = models.JSONField()

    class Meta:
        ordering = ["batch", "pk"]

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.model} {self.object_pk}"


class ImportProfile(models.Model):
    """A saved mapping of one kind, chosen in the browser for the next file of the same make."""

    kind = models.CharField(max_length=24)
    name = models.CharField(_("name"), max_length=100)
    mapping = models.JSONField(default=dict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ImportProfileQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "name"]
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="import_profile_once")]

    def __str__(self) -> str:
        return self.name
