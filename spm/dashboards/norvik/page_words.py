"""What the people of Norvik write into their one-page plans. Places: %(account)s, %(few)d, %(many)d, %(rate)d.

Every text keeps its cap (``territories.caps``) in each language, names of accounts included; a test holds them to it.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type Texts = tuple[str | Promise, ...]

GOALS: Texts = (
    _("Win one compressor project at %(account)s, order signed before the summer stop"),
    _("Raise service contracts from %(few)d to %(many)d, so that base bookings repeat without a tender"),
    _("Meet every decision-maker of the key accounts: no map with an empty role"),
    _("Win four customers who never bought from us, each after a reference visit"),
    _("Move %(account)s from spare parts to a yearly agreement"),
    _("Bring the margin rate to %(rate)d %% by less discount on filter elements"),
)
ENTRIES: Texts = (
    _("Energy audit of line 2 found savings of 18 %; the plant manager pays, purchasing follows"),
    _("Two plants buy elsewhere: take the technical director to the reference plant"),
    _("The incumbent's contract ends in June; win maintenance by a free oil analysis"),
    _("Above 200 k€ the board decides: bring the finance lead in early, with a payback table"),
    _("Quality wants oil-free air: pilot at one site, then one standard for all sites"),
    _("The new head of purchasing bundles suppliers: offer compressors, filters and service as one"),
    _("The extension needs a second compressor room: be in the plan before the tender"),
    _("Spare parts only so far; a five-year service contract after the next stop"),
)
NEXT_STEPS: Texts = (
    _("Walk line 2 with the plant manager"),
    _("Send the payback table, ask for an hour"),
    _("Visit purchasing with my manager"),
    _("Present the audit to the finance lead"),
    _("Agree on the date of the pilot"),
    _("Call the new head of purchasing"),
    _("Get the layout of the new hall"),
    _("Offer the service bundle"),
)
BUSINESS: Texts = (
    _("Food plants above 50 staff: three audits a month, ten names from the trade fair"),
    _("Pharma suppliers: clean-air seminar in spring, eight invitations, four offers"),
    _("Paper mills: call the twenty that do not use our filters, two trials"),
    _("Water works: be written into the specification before the tender of autumn"),
    _("Suppliers of car makers: energy check as door opener, five sites"),
    _("Cement works: two references next door, a visit to each plant manager"),
)
RETENTION: Texts = (
    _("%(account)s: a rival offers 12 %% less; sign the service bundle before the renewal"),
    _("%(account)s: two late deliveries; monthly stock check, one named contact"),
    _("%(account)s: the plant is for sale; meet both bidders before summer"),
    _("%(account)s: the plant manager retires; meet the successor in time"),
    _("%(account)s: prices rise in spring; announce early, offer two years"),
    _("%(account)s: old machines; offer a replacement plan before they fail"),
)
CHANNEL: Texts = (
    _("train two engineers, one joint day a month"),
    _("our filter in every retrofit offer"),
    _("ours in the rental fleet, leads shared weekly"),
    _("spare parts on stock, two campaigns a year"),
)
SUPPORT: Texts = (
    _("Service: one more technician from March, else audits wait three weeks"),
    _("Marketing: a reference film of the first pilot by May"),
    _("Finance: a leasing offer for projects above 150 k€"),
    _("Risk: the largest project slips a quarter; plan B pulls service forward"),
    _("Risk: dearer raw material lifts filter elements by 6 %; announce before summer"),
    _("My manager joins the visits to the two largest accounts"),
)
DONE: Texts = (
    _("Order signed"),
    _("Contract signed by both sides"),
    _("Map complete, minutes sent"),
    _("Seminar held, four offers out"),
)
UNDER_WAY: Texts = (
    _("Offer handed in, answer promised for October"),
    _("Pilot runs since June"),
    _("Two of three visits made"),
    _("Technical director convinced, purchasing to come"),
)
DROPPED = _("The plant closed in June, nobody decides there any more")
NEW_GOAL = _("Take over the accounts of the new territory: meet every owner by September")
REVIEWS: Texts = (
    _("On plan at the two largest accounts. New business is late: the seminar moves to May."),
    _("Three lines are done. Retention needs a visit of the two of us."),
    _("Ahead. Next comes the payback table for the finance lead."),
)
RETURNED = _("A strong plan. Two points are open: the goal of one account, and what you need from others.")
COMMENT_ACCOUNT = _(
    "One person met and two never. What would have to be true for this goal? Either a way in, or a smaller number."
)
REPLY_ACCOUNT = _("The plant manager agreed to a call on 2 October. I keep the goal until then.")
COMMENT_SUPPORT = _("What do you need from me to start the audits in March?")
