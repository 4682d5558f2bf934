"""Files generated from installed packages, for the collector and the development server."""

import re
from functools import cache
from pathlib import Path

RULES = re.compile(r'=\{("X,X div":.*?)\};for\(', re.DOTALL)
RULE = re.compile(r'(?:"([^"]+)"|\b(Y)):(?:"([^"]*)"|\'([^\']*)\')')


@cache
def plotly_styles(script: Path) -> str:
    """The style sheet that plotly.js would write into the page, which the content policy forbids.

    plotly.js keeps its rules in one object literal of "X selector": "declarations" pairs (X = the plot, Y = the
    notifier) and skips writing them where an element ``plotly.js-style-global`` of class ``no-inline-styles`` exists.
    Raises ValueError when the script no longer holds such a literal: a new release needs a look.
    """
    found = RULES.search(script.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"the style rules of {script} were not found")
    lines = []
    for quoted, bare, double, single in RULE.findall(found[1]):
        selector = (quoted or bare).replace("X", ".js-plotly-plot .plotly").replace("Y", ".plotly-notifier")
        lines.append(f"{selector}{{{double or single}}}")
    return "\n".join(lines) + "\n"
