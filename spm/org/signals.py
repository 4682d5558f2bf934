"""What other parts hear about the organisation, without it knowing them."""

from django.dispatch import Signal

facts_moved = Signal()
"""Dated facts changed that totals rest on: memberships, team placements, assignments, account placements.

Sent inside the transaction of the change, with ``since`` (date: the earliest day that reads differently now) and
``recredit`` (bool: territories of credits follow the change too).
"""
