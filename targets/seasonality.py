"""How an amount given for a quarter or a year falls on its leaf periods.

Weights go by the number of the leaf period within its fiscal year, so that 4-4-5 and 13 periods work. A change of a
profile leaves stored amounts alone. Rules: domain.md, Seasonality and Rounding.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.db.models import F, Q
from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.money import minor_unit, spread
from spm.org import retries
from spm.org.models import FiscalYear, Period
from targets.models import SeasonalityProfile, SeasonalityWeight

NAME_LENGTH = 100


class BadSeasonality(RuleViolation):
    """The profile cannot spread an amount."""


@retries.atomic
def set_profile(
    name: str, weights: Mapping[int, Decimal], *, fiscal_year: FiscalYear | None = None, is_default: bool = True
) -> SeasonalityProfile:
    """Make the profile of this name, or give it these weights (period number → weight, not negative, one above 0).

    One profile is the default for a fiscal year, one for all years that have none of their own (``fiscal_year``
    None); the newest default takes the place of the one before. Raises BadSeasonality.
    """
    if not weights or min(weights.values()) < 0 or not any(weights.values()):
        raise BadSeasonality(
            _("The weights of “%(name)s” must not be negative, and one must be above 0.") % {"name": name}
        )
    if is_default:
        SeasonalityProfile.objects.filter(fiscal_year=fiscal_year).exclude(name=name).update(is_default=False)
    profile = SeasonalityProfile.objects.update_or_create(
        name=name, defaults={"fiscal_year": fiscal_year, "is_default": is_default}
    )[0]
    profile.weights.exclude(period_no__in=weights).delete()
    for period_no, weight in sorted(weights.items()):
        SeasonalityWeight.objects.update_or_create(profile=profile, period_no=period_no, defaults={"weight": weight})
    return profile


def keep_profile(
    name: str, weights: Mapping[int, Decimal], *, fiscal_year: FiscalYear, is_default: bool
) -> SeasonalityProfile:
    """Make a new profile of a year. Raises BadSeasonality without a name, for a name in use, and for bad weights."""
    name = name.strip()
    if not name or len(name) > NAME_LENGTH:
        raise BadSeasonality(_("Give the profile a name of at most %(n)s characters.") % {"n": NAME_LENGTH})
    if SeasonalityProfile.objects.filter(name__iexact=name).exists():
        raise BadSeasonality(_("There is a profile “%(name)s” already.") % {"name": name})
    return set_profile(name, weights, fiscal_year=fiscal_year, is_default=is_default)


def profiles_of(year: FiscalYear) -> list[SeasonalityProfile]:
    """The profiles of a year, and those of all years, by name."""
    rows = SeasonalityProfile.objects.filter(Q(fiscal_year=year) | Q(fiscal_year=None))
    return list(rows.prefetch_related("weights"))


def weights_of(year: FiscalYear) -> dict[int, Decimal]:
    """Period number → weight by the default profile of the year, else of all years; empty for none: all alike."""
    own_first = F("profile__fiscal_year").asc(nulls_last=True)
    rows = SeasonalityWeight.objects.filter(
        Q(profile__fiscal_year=year) | Q(profile__fiscal_year=None), profile__is_default=True
    ).order_by(own_first, "profile", "period_no")
    found = list(rows.values_list("profile_id", "period_no", "weight"))
    return {number: weight for profile, number, weight in found if profile == found[0][0]}


def spread_over(
    leaves: Sequence[Period], amount: Decimal, currency: str, weights: Mapping[int, Decimal]
) -> dict[int, Decimal]:
    """Leaf period's key → its part of ``amount``, in whole minor units that add up to it exactly.

    One leaf period takes all of it, whatever its weight. Raises BadSeasonality for an amount that is not a whole number
    of minor units, and for weights that leave a leaf period out or give all of them nothing.
    """
    if len(leaves) == 1 and not amount % (coin := minor_unit(currency)):
        return {leaves[0].pk: amount.quantize(coin)}
    try:
        shares = [weights[leaf.number] if weights else 1 for leaf in leaves]
        parts = spread(amount, shares, currency)
    except KeyError as error:
        raise BadSeasonality(
            _("The seasonality profile has no weight for period %(number)s.") % {"number": error.args[0]}
        ) from error
    except ValueError as error:
        raise BadSeasonality(
            _("%(amount)s cannot be spread in whole units of %(currency)s.") % {"amount": amount, "currency": currency}
        ) from error
    return {leaf.pk: part for leaf, part in zip(leaves, parts, strict=True)}
