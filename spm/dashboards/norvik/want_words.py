"""What the people of Norvik write of their target markets and customers; names are invented.

Every text keeps its cap (``territories.caps``) in each language; a test holds them to it.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type Texts = tuple[str | Promise, ...]

MARKETS: tuple[tuple[str, str | Promise, str | Promise, str | Promise], ...] = (  # kind, name, why, ideal customer
    (
        "industry",
        _("Dairies with their own compressor room"),
        _("Energy is their second largest cost, and two of three machines are older than ten years"),
        _("Runs around the clock, 50 to 300 staff, a plant manager who answers for energy"),
    ),
    (
        "industry",
        _("Pharma suppliers with clean rooms"),
        _("New rules for oil-free air from next year; nobody wants to be the first to fail an audit"),
        _("Clean room of class C or better, own quality lead, buys service by contract"),
    ),
    (
        "industry",
        _("Paper mills that replace their filters"),
        _("Standstills cost more than filters, and our elements last a third longer"),
        _("Two lines or more, a maintenance lead on site, stops once a year"),
    ),
    (
        "segment",
        _("Mid-sized plants without a service contract"),
        _("They buy parts here and there; a contract brings orders that repeat without a tender"),
        _("At least three of our machines, no service technician of their own"),
    ),
    (
        "place",
        _("Industrial parks along the motorway"),
        _("Twenty plants within half an hour of our service base: one visit a day costs little"),
        _("Neighbours of a reference plant, reachable within half an hour"),
    ),
    (
        "segment",
        _("Groups that bundle their suppliers"),
        _("Their purchasing wants one supplier for compressors, filters and service"),
        _("Three sites or more, central purchasing, a frame agreement that ends within a year"),
    ),
)
CHANNEL_MARKETS = (3, 4, 5)  # which of them fit distributors
REASONS: Texts = (
    _("Second hall planned; the compressor room is not tendered yet"),
    _("The rival's contract ends in June"),
    _("Buys filters from us and machines elsewhere"),
    _("New plant manager, knows us from the former company"),
    _("Energy audit found savings of 18 %"),
)
NEXT: Texts = (
    _("Energy audit of line 2"),
    _("Visit with the service lead"),
    _("Payback table to the plant manager"),
    _("Invite to the reference plant"),
)
DROPPED: Texts = (
    _("Signed for five years with a rival"),
    _("The plant closes next year"),
    _("Their group buys centrally, outside our territory"),
)
WON: Texts = (_("First order after the trial run"), _("Came over with the new plant manager"))
