"""Which rule places an account: pure, and quick for a hundred thousand of them.

A rule that names the account wins; of the others the one with the smallest priority among those whose every criterion
is met, ties by the smallest key. Texts are compared in normal form, postal codes by their letters and digits alone:
``from`` ≤ the code's first characters ≤ ``to``, each as long as the bound. Size is the account's potential, bounds
included; an account without one has no size.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from spm.keys import normalise


class Facts(NamedTuple):
    """What a rule asks of an account: texts as stored, size in whole ten-thousandths or None."""

    account: int
    country: str
    region: str
    industry: str
    segment: str
    postal: str
    size: int | None


TEXTS = ("country", "region", "industry", "segment")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; empty and None stand for any. ``account`` names one, and then nothing else is asked."""

    pk: int
    territory: int
    priority: int
    account: int | None = None
    country: str = ""
    region: str = ""
    industry: str = ""
    segment: str = ""
    postal_from: str = ""
    postal_to: str = ""
    size_from: int | None = None
    size_to: int | None = None

    @property
    def texts(self) -> tuple[str, str, str, str]:
        return (self.country, self.region, self.industry, self.segment)

    @property
    def is_bare(self) -> bool:
        """No criterion at all: it matches everything."""
        return self.account is None and not any(self.texts) and not self.narrows

    @property
    def narrows(self) -> bool:
        """Whether it asks for more than the four texts."""
        return bool(self.postal_from or self.postal_to) or self.sizes

    @property
    def sizes(self) -> bool:
        """Whether it asks for the size."""
        return self.size_from is not None or self.size_to is not None

    @property
    def asks(self) -> Iterator[str]:
        """The fields of Facts that it looks at."""
        yield from (name for name, text in zip(TEXTS, self.texts, strict=True) if text)
        if self.postal_from or self.postal_to:
            yield "postal"
        if self.sizes:
            yield "size"


def postal_form(text: str) -> str:
    """Letters and digits of a postal code, folded: "SW1A 1AA" and "sw1a-1aa" are equal."""
    return "".join(letter for letter in normalise(text) if letter.isalnum())


class Matcher:
    """The rules of one set, ready to be asked."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        ordered = sorted(rules, key=lambda rule: (rule.priority, rule.pk))
        self.named = {rule.account: rule for rule in ordered if rule.account is not None}
        self._others = [rule for rule in ordered if rule.account is None]
        self._known: dict[tuple[str, str, str, str], list[Rule]] = {}
        self._placed: dict[tuple[str | int | None, ...], Rule | None] = {}

    def place(self, facts: Facts) -> Rule | None:
        """The rule that places the account; None where no rule claims it. Accounts alike are looked at once."""
        found = self.named.get(facts[0])
        if found is not None:
            return found
        alike = facts[1:]
        try:
            return self._placed[alike]
        except KeyError:
            rule = self._placed[alike] = self._first(facts)
            return rule

    def _first(self, facts: Facts) -> Rule | None:
        texts = facts[1:5]
        candidates = self._known.get(texts)
        if candidates is None:
            candidates = self._candidates(texts)
        for rule in candidates:
            if not rule.narrows or _narrow(rule, facts):
                return rule
        return None

    def claims(self, facts: Facts) -> list[Rule]:
        """Every rule that claims the account, the one that wins first."""
        texts = facts[1:5]
        candidates = self._known.get(texts)
        if candidates is None:
            candidates = self._candidates(texts)
        found = [rule for rule in candidates if not rule.narrows or _narrow(rule, facts)]
        named = self.named.get(facts.account)
        return [named, *found] if named else found

    def _candidates(self, texts: tuple[str, str, str, str]) -> list[Rule]:
        folded = [normalise(text) for text in texts]
        found = [
            rule
            for rule in self._others
            if all(not asked or asked == text for asked, text in zip(rule.texts, folded, strict=True))
        ]
        self._known[texts] = found
        return found


def _narrow(rule: Rule, facts: Facts) -> bool:
    if rule.sizes:
        if facts.size is None:
            return False
        if rule.size_from is not None and facts.size < rule.size_from:
            return False
        if rule.size_to is not None and facts.size > rule.size_to:
            return False
    return not (rule.postal_from or rule.postal_to) or _postal(rule, postal_form(facts.postal))


def _postal(rule: Rule, code: str) -> bool:
    """A code shorter than a bound has too little to be compared, and is not met."""
    low, high = rule.postal_from, rule.postal_to
    if not code or len(code) < max(len(low), len(high)):
        return False
    return (not low or code[: len(low)] >= low) and (not high or code[: len(high)] <= high)


class Overlap(NamedTuple):
    """Two rules that claim the same accounts; ``first`` wins. ``tied``: by its key alone, the priorities are equal."""

    first: int
    second: int
    accounts: int
    tied: bool


@dataclass(frozen=True, slots=True)
class Review:
    """A set of rules against the accounts there are."""

    placed: Mapping[int, int]  # rule → accounts that it places
    claimed: Mapping[int, int]  # rule → accounts that it claims, also those another one places
    unplaced: Sequence[int]  # accounts that no rule claims
    overlaps: Sequence[Overlap]
    catch_all: Sequence[int]  # rules without a criterion, and those that claim every account there is
    count: int


def review(rules: Sequence[Rule], accounts: Iterable[Facts]) -> Review:
    """Gaps and overlaps: each account is placed by one rule, or in ``unplaced``."""
    matcher = Matcher(rules)
    tally: dict[tuple[int, ...], int] = {}
    unplaced, count = [], 0
    for facts in accounts:
        claims = tuple(rule.pk for rule in matcher.claims(facts))
        tally[claims] = tally.get(claims, 0) + 1
        count += 1
        if not claims:
            unplaced.append(facts.account)
    by_pk = {rule.pk: rule for rule in rules}
    placed = dict.fromkeys(by_pk, 0)
    claimed = dict.fromkeys(by_pk, 0)
    pairs: dict[tuple[int, int], int] = {}
    for claims, many in tally.items():
        if claims:
            placed[claims[0]] += many
        for place, key in enumerate(claims):
            claimed[key] += many
            for other in claims[place + 1 :]:
                pairs[key, other] = pairs.get((key, other), 0) + many
    overlaps = [Overlap(one, two, many, _tied(by_pk[one], by_pk[two])) for (one, two), many in pairs.items()]
    overlaps.sort(key=lambda pair: (not pair.tied, -pair.accounts, pair.first, pair.second))
    everything = [rule.pk for rule in rules if rule.is_bare or (count > 1 and claimed[rule.pk] == count)]
    return Review(placed, claimed, unplaced, overlaps, everything, count)


def _tied(one: Rule, other: Rule) -> bool:
    return one.account is None and other.account is None and one.priority == other.priority
