"""Who may do what at each address: the written policy that the matrix holds the product to.

Every named route has one entry; a route without an entry, or an entry without a route, fails the suite.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.access.world import MANAGERS, SEES, SIGNED_OUT

LOGIN = "login"  # a redirect to the sign-in page
Expected = frozenset[int | str]
Rule = Callable[[str, str], Expected]


def statuses(*values: int | str) -> Expected:
    return frozenset(values)


SHOWN = statuses(200)
ACTED = statuses(200, 302, 400, 409, 422, 429)  # the action ran, or its input was refused in words
TO_LOGIN, FORBIDDEN, HIDDEN, NO_METHOD = statuses(LOGIN), statuses(403), statuses(404), statuses(405)


def refused(actor: str, otherwise: Expected) -> Expected:
    return TO_LOGIN if actor in SIGNED_OUT else otherwise


def public(result: Expected = SHOWN) -> Rule:
    """Everybody, signed in or not."""
    return lambda actor, relation: result


def signed_in(result: Expected = SHOWN) -> Rule:
    """Everybody with an active account."""
    return lambda actor, relation: refused(actor, result)


def anonymous_only(result: Expected = SHOWN) -> Rule:
    """Pages before sign-in; who is signed in is sent on."""
    return lambda actor, relation: result if actor in SIGNED_OUT else statuses(302)


def managers(result: Expected = SHOWN, others: Expected = FORBIDDEN) -> Rule:
    """People who lead a team today, and admins."""
    return lambda actor, relation: refused(actor, result if actor in MANAGERS else others)


def admins(result: Expected = SHOWN, hidden_if_missing: bool = True) -> Rule:
    """Admins alone; for them an object that does not exist is a 404."""

    def rule(actor: str, relation: str) -> Expected:
        if actor != "admin":
            return refused(actor, FORBIDDEN | HIDDEN)
        return HIDDEN if relation == "missing" and hidden_if_missing else result

    return rule


def who_sees(result: Expected = SHOWN, forbidden_to: tuple[str, ...] = ()) -> Rule:
    """Those who see the object; for everybody else it does not exist. ``forbidden_to`` see it but may not."""

    def rule(actor: str, relation: str) -> Expected:
        if relation not in SEES[actor]:
            return refused(actor, HIDDEN)
        return FORBIDDEN if actor in forbidden_to else result

    return rule


def team_pages(result: Expected = SHOWN) -> Rule:
    """Numbers of a team: those who lead it or stand above it. Members see their team, but not its numbers."""

    def rule(actor: str, relation: str) -> Expected:
        if actor in ("owner", "teammate", "outsider") and relation in _OWN_TEAM[actor]:
            return FORBIDDEN
        return result if actor in MANAGERS and relation in SEES[actor] else refused(actor, HIDDEN)

    return rule


def team_numbers(result: Expected = SHOWN) -> Rule:
    """A team's numbers: for who leads it, stands above it or led it once. For its members they do not exist."""

    def rule(actor: str, relation: str) -> Expected:
        led_once = actor == "former" and relation in ("own", "team")
        sees = led_once or (actor in MANAGERS and relation in SEES[actor])
        return result if sees else refused(actor, HIDDEN)

    return rule


_OWN_TEAM = {"owner": ("own", "team"), "teammate": ("own", "team"), "outsider": ("other",)}


def no_method(get: Rule) -> Rule:
    """A page without POST: whoever may not see it learns nothing, everybody else hears 405."""

    def rule(actor: str, relation: str) -> Expected:
        expected = get(actor, relation)
        return (expected - SHOWN) | NO_METHOD

    return rule


def own_alone(actor: str, relation: str) -> Expected:
    """What is a rep's own, hidden from everybody else, admins too."""
    rep = {"own": "owner", "team": "teammate", "other": "outsider"}.get(relation)
    return refused(actor, ACTED if actor == rep else HIDDEN)


def author_alone(actor: str, relation: str) -> Expected:
    """The rep wrote it: others who see it may not change it."""
    if relation not in SEES[actor]:
        return refused(actor, HIDDEN)
    return ACTED if actor in ("owner", "teammate", "outsider") else FORBIDDEN


def undoers(actor: str, relation: str) -> Expected:
    """A batch of numbers: whoever typed it, and admins; for other managers there is none."""
    typed = {"own": "manager", "other": "elsewhere"}.get(relation)
    if actor not in MANAGERS:
        return refused(actor, FORBIDDEN)
    return ACTED if actor in ("admin", typed) else HIDDEN


def holders(actor: str, relation: str) -> Expected:
    """The number of a person: admins and the managers above."""
    if actor not in MANAGERS:
        return refused(actor, FORBIDDEN)
    return ACTED if actor == "admin" or relation in SEES[actor] else FORBIDDEN


@dataclass(frozen=True)
class Access:
    """Policy of one route. ``kinds`` maps its URL arguments to kinds of the world."""

    get: Rule
    post: Rule | None = None
    kinds: tuple[tuple[str, str], ...] = ()
    query: str = ""  # a query string with {kind} places, for objects that are named there
    also: tuple[str, ...] = ()  # other query strings, which the sweep for what leaked asks for too
    exports: bool = False  # &format=csv is swept too
    tables: tuple[str, ...] = ()  # further tables of the page, whose files (?table=) are swept too
    htmx: bool = False  # the view branches on htmx: ask again as htmx
    form: tuple[tuple[str, str], ...] = ()  # what is filled in, with {kind} places: the POST is sent again with it
    filled: Rule | None = None  # where that is answered otherwise than without


POST_ONLY = public(NO_METHOD | TO_LOGIN | FORBIDDEN | HIDDEN)
