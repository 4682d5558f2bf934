"""The product's own words for the six sections, where the form of a year has none."""

from django.utils.translation import gettext as _

from territories.choices import Section


def question_of(section: str) -> str:
    """The one helper question under the heading."""
    return {
        Section.GOALS: _("Which three results would make this a good year? Each with a measure and a date."),
        Section.ACCOUNTS: _("Who decides, who have we never met, and what is the way in?"),
        Section.BUSINESS: _("Which segments, which names, which three actions?"),
        Section.RETENTION: _("Which accounts could leave us, and what keeps each of them?"),
        Section.CHANNEL: _("Which partner does what with us, and for how much?"),
        Section.SUPPORT: _("What do you need from others, and what could go wrong?"),
    }[Section(section)]
