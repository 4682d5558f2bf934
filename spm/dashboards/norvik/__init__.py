"""Norvik Industrial, the demo company: filters and compressors, three teams, fourteen reps.

Pure and deterministic: no clock, no randomness beyond ``noise``, no Django. ``sheets`` gives the files as an admin
would load them, in that order; the figures of 2026 reconcile to the table in ``figures``.
"""
