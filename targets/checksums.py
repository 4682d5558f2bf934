"""What a roll-up run counted, in sums that tell the same totals from others: the digest of a run is made of them."""

# The columns of figures of a period total and of an attainment row, in the order in which a roll-up writes them.
TOTAL_COLUMNS = "amount, overlay, base, overlay_base, lines, overlay_lines, cost_missing, overlay_cost_missing"
TOTAL_COLUMNS += ", effect, overlay_effect"
ATTAINMENT_COLUMNS = "actual, overlay, base, overlay_base, target, quota_sum, lines, cost_missing, effect"


def _checksum(key: str, *amounts: str) -> str:
    """Columns of SQL: each amount's exact sum, then one sum that tells rows and columns apart.

    The last one weighs the residue of each amount by its place and by one of the row's key: amounts that change
    places between rows or columns leave every exact sum as it was, and move this one. Residues keep it in 64 bits.
    """
    exact = [f"COALESCE(SUM({amount}), 0)" for amount in amounts]
    weighed = " + ".join(
        f"{place} * (COALESCE({amount}, -1) % 1000003)" for place, amount in enumerate(amounts, start=1)
    )
    return ", ".join([*exact, f"SUM((({key}) % 999983 + 1) * ({weighed}))"])


MEASURE_NO = "CASE {0}.measure WHEN 'bookings' THEN 1 WHEN 'revenue' THEN 2 ELSE 3 END"
TOTALS_CHECKSUM = f"""
    SELECT t.period_id, COUNT(*), SUM(CASE WHEN t.measure = 'margin' THEN 0 ELSE t.lines + t.overlay_lines END),
        {
    _checksum(
        f"t.person_id * 7919 + t.territory_id * 31 + {MEASURE_NO.format('t')}",
        *(f"t.{column}" for column in TOTAL_COLUMNS.split(", ")),
    )
}
    FROM targets_periodtotal t WHERE t.period_id IN ({{periods}}) GROUP BY t.period_id
"""  # noqa: S608  # constants of this module
HOLDER_NO = (
    "COALESCE(a.person_id * 4, 0) + COALESCE(a.team_id * 4 + 1, 0) + COALESCE(a.territory_id * 4 + 2, 0)"
    " + COALESCE(a.company_id * 4 + 3, 0)"
)
ATTAINMENT_CHECKSUM = f"""
    SELECT a.period_id, COUNT(*),
        {
    _checksum(
        f"({HOLDER_NO}) * 31 + {MEASURE_NO.format('a')}", *(f"a.{column}" for column in ATTAINMENT_COLUMNS.split(", "))
    )
}
    FROM targets_attainment a WHERE {{rows}} GROUP BY a.period_id
"""  # noqa: S608  # constants of this module
