"""Two texts word by word: what stayed, what went, what came. Pure."""

from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True, slots=True)
class Run:
    """Some words in a row; ``sign`` "" stayed, "−" went, "+" came."""

    sign: str
    text: str


def words(before: str, after: str) -> list[Run]:
    """The runs of words that lead from one text to the other; at most one run where nothing changed."""
    old, new = before.split(), after.split()
    runs: list[Run] = []
    for kind, a, b, c, d in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if kind == "equal":
            runs.append(Run("", " ".join(old[a:b])))
            continue
        if b > a:
            runs.append(Run("−", " ".join(old[a:b])))
        if d > c:
            runs.append(Run("+", " ".join(new[c:d])))
    return runs


def differs(runs: list[Run]) -> bool:
    return any(run.sign for run in runs)
