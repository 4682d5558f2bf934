"""What the people of Norvik write on the maps and into the plans of their accounts; names are invented.

Every text keeps its cap (``territories.caps``) in each language; a test holds them to it.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type Texts = tuple[str | Promise, ...]

FIRST = (
    "Annika", "Bastien", "Carmela", "Dragan", "Elodie", "Fabrizio", "Greta", "Henning", "Ivana", "Joost",
    "Karin", "Lorenzo", "Maarit", "Niels", "Oriana", "Pekka", "Renske", "Siobhan", "Tadeusz", "Ulrika",
)  # fmt: skip
LAST = (
    "Aubertal", "Brodersund", "Cassarino", "Dvorelka", "Estravan", "Ferrolde", "Gronvald", "Hollenstad", "Iversund",
    "Jankowitz", "Kestelan", "Lindqvaer", "Marchetal", "Norrevik", "Oberhofen", "Palmero", "Quistgard",
)  # fmt: skip
TITLES: Texts = (
    _("Plant director"),
    _("Head of purchasing"),
    _("Process engineer"),
    _("Maintenance lead"),
    _("Controller"),
)
WANTED: Texts = (_("Head of energy"), _("Quality lead"), _("Technical director"))
STEPS_AHEAD: Texts = (
    _("Invite to the reference plant"),
    _("Ask for an introduction to purchasing"),
    _("Send the payback table"),
    _("Agree on the date of the test run"),
)
DECISION: Texts = (
    _("Need confirmed by the plant"),
    _("Test run on one line"),
    _("Budget released"),
    _("Three offers compared by purchasing"),
    _("Contract signed"),
)
CRITERIA: Texts = (
    _("Energy per cubic metre, measured"),
    _("Eight weeks without a stop"),
    _("Pays back within 24 months"),
    _("Price over five years, service included"),
    _("Two signatures above 200 k€"),
)
EVIDENCE: Texts = (_("Minutes of the visit"), _("Mail of the plant director"), _("Protocol of the test run"))
STRATEGIES: Texts = (
    _("Win the next compressor room through process engineering, and bind it by a five-year service contract."),
    _("Be the standard for filters at all sites: one pilot with proof, then a frame agreement with purchasing."),
    _("Come in by the energy audit; the plant pays for savings, not for machines."),
    _("Keep what we have against the low-price rival: stock on site, one named contact, answers within a day."),
)
STRENGTHS: Texts = (_("Reference plant within an hour"), _("Service team on site twice a month"))
WEAKNESSES: Texts = (_("Purchasing hardly knows us"), _("Two late deliveries this spring"))
CHANCES: Texts = (_("Second hall planned for next year"), _("New target for energy per tonne"))
THREATS: Texts = (_("The rival offers 12 % less on filters"), _("The plant manager retires in spring"))
OBJECTIVES: Texts = (
    _("Order for the new compressor room"),
    _("Yearly agreement on filter elements"),
    _("Meet every decision-maker in person"),
)
MEASURES: Texts = (_("signed order"), _("signed agreement"), _("no open role on the map"))
NEXT: Texts = (
    _("Visit purchasing together with the manager; payback table to the finance lead."),
    _("Date of the pilot, then the layout of the new hall."),
)
REVIEWED: Texts = (
    _("Well known in the plant, a stranger in purchasing. Go there together."),
    _("Clear steps and dates. Who speaks for us when the engineer is away?"),
    _("The strategy is a wish as long as nobody above the plant has met us."),
)
