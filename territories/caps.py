"""How much one page holds: the caps of the territory plan, in forms, imports and the database alike.

No cap may be raised without the print test: the fullest legal plan stays on one page of A4 and of Letter
(ux.md, "The one-page territory plan"). Lengths are characters as Python and both databases count them.
"""

from territories.choices import Section

LINE = 110  # a line of any list section, its partner included
ENTRY = 120  # how we get into a key account
NEXT_STEP = 60
PARTNER = 60
EVIDENCE = 200  # not printed
LINES = 3  # of each list section
PRINTED_ACCOUNTS = 6
ACCOUNTS = 16  # the others stand on the screen alone
HEADING, QUESTION, EXAMPLE = 40, 110, 110
STRATEGY, SWOT, COMMENT, OBJECTIVES = 600, 300, 500, 12  # of the plan of an account
PEOPLE, STEPS = 40, 6  # on the map of an account, which is no page of the plan
MARKETS, CUSTOMERS, WHY = 8, 60, 200  # of a territory: its target markets, wanted customers, and a word on each
FEWEST_STEPS = 3  # a decision of fewer is hardly known

LISTS = (Section.GOALS, Section.BUSINESS, Section.RETENTION, Section.CHANNEL, Section.SUPPORT)

PAGE = len(LISTS) * LINES * LINE + PRINTED_ACCOUNTS * (ENTRY + NEXT_STEP)
"""All characters that one page can hold."""


def lines_of(section: str) -> int:
    """How many lines a section takes."""
    return ACCOUNTS if section == Section.ACCOUNTS else LINES
