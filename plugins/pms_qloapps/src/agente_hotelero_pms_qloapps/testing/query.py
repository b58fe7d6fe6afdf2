"""`filter`, `sort`, `limit` and `display` of the generic resources."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache, partial

from agente_hotelero_pms_qloapps.testing.answers import Refusal, closest
from agente_hotelero_pms_qloapps.testing.resources import Resource
from agente_hotelero_pms_qloapps.testing.rows import Record, Row, Value, Words
from agente_hotelero_pms_qloapps.testing.settings import DATES
from agente_hotelero_pms_qloapps.testing.shop import Shop

FILTER = re.compile(r"filter\[(\w+)\]")
Test = Callable[[str], bool]


def select(shop: Shop, resource: Resource, query: Mapping[str, str]) -> list[Record]:
    """The records that a query asks for, in its order, with all their fields."""
    found = list(resource.records(shop))
    known = resource.fields(shop)
    filterable = [one for one in known if one not in DATES]
    for name, text in query.items():
        match = FILTER.fullmatch(name)
        if match is None:
            continue
        allowed = known if query.get("date") == "1" else filterable
        if known and match[1] not in allowed:
            raise Refusal(400, (32, unknown_filter(match[1], filterable)))
        if shop.old and resource.name == "customers" and match[1] == "phone":
            return []
        fits = condition(text)
        found = [one for one in found if fits(spelt(one.row[match[1]]))]
    if "sort" in query:
        found = ordered(found, query["sort"], filterable)
    return limited(found, query["limit"]) if "limit" in query else found


def condition(text: str) -> Test:
    """The test that a filter's text stands for; comparisons as MySQL's."""
    if pattern := re.fullmatch(r"(%?)\[(.*)\](%?)", text):
        before, inner, after = pattern.groups()
        if before or after:
            return partial(like, inner.lower(), not before, not after)
        if "|" in inner:
            return among(inner.split("|"))
        if "," in inner:
            low, high = inner.split(",", 1)
            return lambda value: sortable(low) <= sortable(value) <= sortable(high)
        return among([inner])
    if pattern := re.fullmatch(r"([<>])\[(.*)\]", text):
        bound = sortable(pattern[2])
        if pattern[1] == "<":
            return lambda value: sortable(value) < bound
        return lambda value: sortable(value) > bound
    return among([text])


def like(inner: str, at_start: bool, at_end: bool, value: str) -> bool:
    value = value.lower()
    if at_start:
        return value.startswith(inner)
    return value.endswith(inner) if at_end else inner in value


def among(choices: Iterable[str]) -> Test:
    wanted = {sortable(one) for one in choices}
    return lambda value: sortable(value) in wanted


@lru_cache(maxsize=10_000)
def sortable(text: str) -> tuple[int, Decimal, str]:
    """Numbers by value, dates with their time, everything else without case."""
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return (0, Decimal(text), "")
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        text += " 00:00:00"
    return (1, Decimal(0), text.lower())


def spelt(value: Value) -> str:
    if isinstance(value, Words):
        return value.text
    return "" if value is None or value is False else str(value)


def ordered(found: list[Record], text: str, known: list[str]) -> list[Record]:
    """By `[field_ASC,other_DESC]`."""
    for term in reversed(text.strip("[]").split(",")):
        name, _, way = term.rpartition("_")
        if known and name not in known:
            listed = ", ".join([*known, "for i18n fields:"])
            message = f"Unable to filter by this field. However, these are available: {listed}"
            raise Refusal(400, (38, message))
        keys = {id(one): sortable(spelt(one.row[name])) for one in found}
        found = sorted(found, key=lambda one: keys[id(one)], reverse=way == "DESC")
    return found


def limited(found: list[Record], text: str) -> list[Record]:
    """By `count` or `offset,count`; what is no number is 0."""
    parts = [int(one) if one.strip().isdigit() else 0 for one in text.split(",")]
    offset, count = parts if len(parts) == 2 else (0, parts[0])
    return found[offset : offset + count]


def shown(shop: Shop, resource: Resource, row: Row, display: str) -> Row:
    """The fields that `display=[a,b]` names, in the table's order."""
    names = display.strip("[]").split(",")
    known = resource.fields(shop)
    listed = resource.displayable or known
    for name in names:
        if known and name not in listed:
            fields = ", ".join(listed)
            message = f'Unable to display this field "{name}". However, these are available: '
            raise Refusal(400, (35, message + fields))
    return {name: value for name, value in row.items() if name in names}


def unknown_filter(name: str, known: list[str]) -> str:
    listed = ", ".join(f'"{one}"' for one in known)
    return (
        f'This filter does not exist. Did you mean: "{closest(name, known)}"?'
        f" The full list is: {listed}"
    )
