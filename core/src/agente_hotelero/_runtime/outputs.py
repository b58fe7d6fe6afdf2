"""What the core takes back from a plugin. Each check raises what then becomes a `PluginBug`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from agente_hotelero.dialogue import Decision
from agente_hotelero.messages import Understanding

MOST_REPLIES = 20
MOST_OPTIONS = 50
MOST_UNDERSTOOD = 100
MOST_ROWS = 1000
LONGEST_TEXT = 20_000
Check = Callable[[Any], None]


class Excessive(Exception):
    """More than the core takes."""


def one(kind: type) -> Check:
    """That a value is of this class."""

    def check(given: Any) -> None:
        if not isinstance(given, kind):
            raise TypeError(f"{type(given).__name__} is not a {kind.__name__}")

    return check


def rows(kind: type) -> Check:
    """That a value is a sequence of this class, and no endless one."""
    is_one = one(kind)

    def check(given: Any) -> None:
        one(Sequence)(given)
        _at_most(MOST_ROWS, len(given))
        for item in given:
            is_one(item)

    return check


def understanding(given: Any) -> None:
    """An engine's reading."""
    one(Understanding)(given)
    _at_most(MOST_UNDERSTOOD, len(given.intents))
    _at_most(MOST_UNDERSTOOD, len(given.entities))


def decision(given: Any) -> None:
    """A handler's decision."""
    one(Decision)(given)
    _at_most(MOST_REPLIES, len(given.replies))
    _at_most(MOST_REPLIES, len(given.events))
    for reply in given.replies:
        _at_most(MOST_OPTIONS, len(reply.options))


def text(length: int, room: int) -> None:
    """Words for which so much room is left in this turn."""
    _at_most(room, length)


def _at_most(most: int, given: int) -> None:
    if given > most:
        raise Excessive(f"{given} where {most} are taken")
