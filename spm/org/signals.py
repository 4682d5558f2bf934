"""What other parts hear about the organisation, without it knowing them."""

from django.dispatch import Signal

facts_moving = Signal()
"""Dated facts are about to change, from ``since`` on: whoever keeps totals locks its periods now.

Sent inside the transaction before any row of a person, team or territory is locked. The one order of locks is: the
company's row → a plan → periods in key order → admins → one person, team or territory → their dated rows → the log.
"""

facts_moved = Signal()
"""Dated facts changed that totals rest on: memberships, team placements, assignments, account placements.

Sent inside the transaction of the change, with ``since`` (date: the earliest day that reads differently now) and
``recredit`` (bool: territories of credits follow the change too).
"""
