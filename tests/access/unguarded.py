"""Models whose rows have no ``visible_to`` of their own: why, and the files that read them by themselves.

Their rows are met through a row that somebody was let see, or they are no secret. A model that is new has a
``visible_to``, or stands here.
"""

BATCH = "of an import: read through the batch, which the page fetched by visible_to"
PERIOD = "who closed and reopened a period, and what changed then: read by rules and checks alone, shown to admins"
SEASON = "how a year is spread over its periods, the same for everybody: no secret"
UNGUARDED = {
    "ActualVersion": (
        "former forms of a line: read by the import and by verify, and through the line shown",
        ("targets/actuals.py", "targets/lines.py", "targets/unloaded.py", "targets/verification.py"),
    ),
    "ImportChange": (BATCH, ("spm/imports/journal.py", "spm/imports/organisation.py", "targets/goal_imports.py")),
    "ImportContent": (BATCH, ("spm/imports/batches.py",)),
    "ImportRow": (
        f"{BATCH}; waiting lines are narrowed to whom the asker sees in targets/unloaded.py",
        ("spm/imports/tallies.py", "spm/imports/verification.py", "targets/unloaded.py"),
    ),
    "Invitation": ("found by the secret of its link alone", ("spm/org/invitations.py",)),
    "PeriodClosing": (PERIOD, ("targets/closing.py", "targets/frozen.py", "targets/verification.py")),
    "PeriodReopening": (PERIOD, ("targets/closing.py", "targets/reopenings.py", "targets/verification.py")),
    "ProductFamily": (
        "the names of what the company sells: no secret",
        (
            "spm/dashboards/demo_market.py",
            "targets/crediting.py",
            "targets/imports.py",
            "territories/market_imports.py",
            "territories/target_customers.py",
        ),
    ),
    "RampStep": ("of a schedule, which is no secret", ("targets/ramp_schedules.py", "targets/ramps.py")),
    "ReopenedChange": (PERIOD, ("targets/reopenings.py", "targets/verification.py")),
    "SeasonalityProfile": (SEASON, ("targets/season_imports.py", "targets/seasonality.py")),
    "SeasonalityWeight": (SEASON, ("targets/season_imports.py", "targets/seasonality.py")),
}
EVERYWHERE = {"Company": "one row, whose name and currency stand on every page"}
