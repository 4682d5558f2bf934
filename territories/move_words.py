"""Words of move packages that pages and files share."""

from django.utils.translation import gettext_lazy as _

KINDS = {"quota": _("Quota"), "target": _("Target")}
"""What a number is, by the kind that ``move_numbers`` gives it."""
