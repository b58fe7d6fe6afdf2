"""QloApps' answers and bodies as Python values. Pure.

One field may come as a number, as a string of it, as ``false`` or as ``""``; a list as ``[]``, as a
list, or as an object whose keys are ids; a text plain or per language.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from xml.sax.saxutils import escape

Row = Mapping[str, Any]
CENT = Decimal("0.01")
_NO_DAY = ("", "0000-00-00")
_IDS = 200


def parsed(body: str) -> Any:
    """JSON with decimal fractions; raises ValueError."""
    return json.loads(body, parse_float=Decimal)


def number(value: Any) -> int:
    """0 for everything that is no number."""
    try:
        return int(value or 0)
    except (TypeError, ValueError):
        return 0


def amount(value: Any) -> Decimal:
    try:
        return Decimal(str(value or 0))
    except InvalidOperation:
        return Decimal(0)


def cents(value: Decimal) -> Decimal:
    """As QloApps rounds: halves away from zero."""
    return value.quantize(CENT, ROUND_HALF_UP)


def text(value: Any, language: int | None = None) -> str:
    """Plain, or of a list per language the asked one, else the first that is not empty."""
    if isinstance(value, list):
        told = {number(one.get("id")): str(one.get("value") or "") for one in value}
        return told.get(language or 0) or next((word for word in told.values() if word), "")
    return "" if value is None or value is False else str(value)


def day(value: Any) -> date | None:
    """The date of a date or a time; None where it is not set."""
    told = text(value)[:10]
    try:
        return None if told in _NO_DAY else date.fromisoformat(told)
    except ValueError:
        return None


def items(value: Any) -> list[Row]:
    """A list, the values of an object keyed by id, or nothing."""
    found = value.values() if isinstance(value, Mapping) else value or ()
    return [one for one in found if isinstance(one, Mapping)]


def ids(value: Any) -> tuple[int, ...]:
    return tuple(number(one.get("id")) for one in items(value))


def ages(value: Any) -> tuple[int, ...]:
    """``'["7"]'``, ``'[7]'`` or a list."""
    try:
        told = json.loads(value) if isinstance(value, str) and value else value
    except ValueError:
        return ()
    return tuple(number(one) for one in told) if isinstance(told, list) else ()


def plain(markup: str) -> str:
    """A description without tags, entities and runs of space."""
    lines = re.sub(r"</?(?:div|p|br|li|ul|h\d)\b[^>]*>", "\n", markup)
    words = html.unescape(re.sub(r"<[^>]*>", "", lines))
    return "\n".join(line for part in words.splitlines() if (line := " ".join(part.split())))


def any_of(values: Iterable[int]) -> str:
    """A filter for one of these ids; see `parts` for how many."""
    return f"[{'|'.join(str(value) for value in sorted(set(values)))}]"


def parts(values: Iterable[int]) -> list[list[int]]:
    """So many ids as fit into one address, newest first."""
    newest = sorted(set(values), reverse=True)
    return [newest[start : start + _IDS] for start in range(0, len(newest), _IDS)]


def literal(value: str) -> str | None:
    """A filter for exactly this; None where brackets would make an expression of it."""
    return None if not value or re.search(r"[\[\]%]", value) else value


def xml(node: str, fields: Mapping[str, Any]) -> str:
    """A body for the resources that take XML alone."""
    return f'<?xml version="1.0" encoding="UTF-8"?><qloapps>{_element(node, fields)}</qloapps>'


def _element(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        inside = "".join(_element(key, one) for key, one in value.items())
    elif isinstance(value, tuple):
        return "".join(_element(name, one) for one in value)
    else:
        inside = escape(text(value))
    return f"<{name}>{inside}</{name}>"
