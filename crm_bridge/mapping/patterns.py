r"""Regular expressions of a document that no text can keep busy.

Python's engine tries one way through a pattern after the other, and for some patterns, such as ``(a+)+$``, there are
more ways than anybody can wait for. So the ways are counted when the document is read, for a text of the longest
length that is tried at all: a repetition without end goes through it in as many ways as there are characters, several
in a row in as many as the text can be cut by, and one within another has no bound. A pattern with too many is a
mistake of the document; ``{1,3}``, an atomic group ``(?>…)`` and a possessive ``++`` keep them few.
"""

from __future__ import annotations

import importlib
import re
from math import comb
from typing import Any, NamedTuple

LONGEST = 100
"""Characters of the longest text that a pattern is tried on."""
_MOST_WAYS = 100_000_000


class _Ways(NamedTuple):
    """Ways through a part of a pattern: ``few`` times those of ``endless`` repetitions in a row."""

    few: int
    endless: int

    def then(self, other: _Ways) -> _Ways:
        return _Ways(self.few * other.few, self.endless + other.endless)

    def total(self) -> int:
        return self.few * comb(LONGEST + self.endless, self.endless)


_ONE = _Ways(1, 0)


class _TooMany(Exception):  # noqa: N818  it never leaves this module
    """A repetition within a repetition, or too many ways."""


def pattern_mistake(pattern: str) -> str | None:
    """What is wrong with a regular expression, in words; ``None`` when it is fine."""
    try:
        re.compile(pattern)
        tree = importlib.import_module("re._parser").parse(pattern)  # the engine's own reading of it: there is no other
        ways = _through(tree)
    except re.error as error:
        return f"not a regular expression: {error}"
    except (RecursionError, OverflowError):
        return "not a regular expression: too much of it"
    except _TooMany:
        ways = None
    if ways is not None and ways.total() <= _MOST_WAYS:
        return None
    return (
        "some text would keep this pattern busy for ever: bound a repetition that holds another ({1,3}), "
        "take it as a whole ((?>…), ++), or write fewer of them"
    )


def _through(tree: Any) -> _Ways:
    ways = _ONE
    for operation, argument in tree:
        ways = ways.then(_step(str(operation), argument))
        if ways.endless > LONGEST or ways.few > _MOST_WAYS:
            raise _TooMany
    return ways


def _step(operation: str, argument: Any) -> _Ways:
    match operation:
        case "MAX_REPEAT" | "MIN_REPEAT":
            least, most, body = argument
            return _repeated(_through(body), int(least), int(most))
        case "POSSESSIVE_REPEAT":
            _demand_few(_through(argument[2]))
            return _ONE
        case "ATOMIC_GROUP":
            _demand_few(_through(argument))
            return _ONE
        case "SUBPATTERN":
            return _through(argument[-1])
        case "ASSERT" | "ASSERT_NOT":
            return _through(argument[1])
        case "BRANCH":
            ways = [_through(each) for each in argument[1]]
        case "GROUPREF_EXISTS":
            ways = [_through(each) for each in argument[1:] if each is not None]
        case _:
            return _ONE
    return _Ways(sum(each.few for each in ways), max(each.endless for each in ways))


def _repeated(body: _Ways, least: int, most: int) -> _Ways:
    if most <= 1:
        return _Ways(body.few + (1 if least == 0 else 0), body.endless)
    if body == _ONE:
        return _ONE if least == most else _Ways(1, 1) if most - least > LONGEST else _Ways(most - least + 1, 0)
    if most > LONGEST:
        raise _TooMany
    few = sum(body.few**times for times in range(least, most + 1)) if body.few > 1 else most - least + 1
    return _Ways(few, body.endless * most)


def _demand_few(ways: _Ways) -> None:
    if ways.total() > _MOST_WAYS:
        raise _TooMany
