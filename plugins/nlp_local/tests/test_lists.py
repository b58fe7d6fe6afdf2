"""What is understood of lists by other authors; the floors are a little below what was measured."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from agente_hotelero.messages import Entity, OfferedOption, Understanding

from benchmarks.nlu import own
from plugins.nlp_local.tests.test_engine import lines, understand


def messages(name: str) -> list[dict[str, Any]]:
    return [one for one in lines(name) if one.get("test", True)]


@pytest.mark.parametrize(
    ("name", "first", "third"), [("messages_a.jsonl", 84, 93), ("messages_b.jsonl", 88, 94)]
)
def test_messages_of_strangers_are_understood(name: str, first: float, third: float) -> None:
    for top1, top3, count in own.intents_right(messages(name)).values():
        assert (top1 >= first, top3 >= third, count > 50) == (True, True, True)


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("stays_a.jsonl", 0.96),
        ("stays_b.jsonl", 0.96),
        ("stays_c.jsonl", 0.94),
        ("stays_d.jsonl", 0.91),
    ],
)
def test_stays_of_strangers_are_read(name: str, share: float) -> None:
    right, total = own.stays_right(own.lines(name))
    assert total > 150
    assert right / total >= share


@pytest.mark.parametrize("name", ["entities_a.jsonl", "entities_b.jsonl"])
def test_people_times_sums_and_contacts_are_read(name: str) -> None:
    rows = lines(name)
    right = [said(understand(row["text"], language=row["lang"])) == told(row) for row in rows]
    assert len(rows) > 100
    assert sum(right) / len(rows) >= 0.95


def told(row: dict[str, Any]) -> dict[str, Any]:
    expected = {key: value for key, value in row["expect"].items() if value not in (0, [])}
    if "reference" in expected:
        expected["reference"] = expected["reference"].lstrip("#").upper()
    # One room is what everybody wants: it is not said as a number of rooms.
    return {key: value for key, value in expected.items() if (key, value) != ("rooms", 1)}


def said(found: Understanding) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for entity in found.entities:
        if entity.type == "party":
            told |= party(entity)
        elif entity.type in ("rooms", "email", "person", "reference"):
            told[entity.type] = entity.value
        elif entity.type == "phone":
            told["phone"] = re.sub(r"[^\d+]", "", str(entity.value))
        elif entity.type == "time":
            told.setdefault("times", []).append(f"{entity.value:%H:%M}")
        elif entity.type == "money":
            told.setdefault("money", []).append(money(entity))
    return told


def party(entity: Entity) -> dict[str, Any]:
    hint: Any = entity.value
    counted = {"adults": hint.adults, "children": hint.children, "child_ages": [*hint.child_ages]}
    return {key: value for key, value in counted.items() if value}


def money(entity: Entity) -> list[str | None]:
    value: Any = entity.value
    amount = str(value.amount.quantize(Decimal("0.01")))
    return [amount, None if value.currency == "XXX" else value.currency]


def test_short_answers_are_read_against_their_question() -> None:
    rows = lines("answers.jsonl")
    right = [answered(row) for row in rows]
    assert sum(right) / len(rows) >= 0.85


def answered(row: dict[str, Any]) -> bool:
    asked, _, titles = row["asked"].partition(":")
    expects = {"cancel": ("yes_no", "cancel"), "options": ("option",)}.get(asked, (asked,))
    options = [
        OfferedOption(id=str(number), title=title)
        for number, title in enumerate(titles.split("|") if titles else [])
    ]
    found = understand(row["text"], language=row["lang"], expects=expects, options=options)
    return value(found, asked, expects[0]) == expected(row["expect"])


def expected(given: Any) -> Any:
    return given | {"children": given.get("children", 0)} if is_party(given) else given


def is_party(given: Any) -> bool:
    return isinstance(given, dict) and "adults" in given


def value(found: Understanding, asked: str, kind: str) -> Any:
    entity = found.first({"nights": "stay", "ages": "party"}.get(asked, kind))
    if entity is None:
        return None
    read: Any = entity.value
    if asked == "stay":
        stay = json.loads(json.dumps(own.shown(found)))["entities"]
        return next(
            {"arrival": one["value"]["arrival"], "departure": one["value"]["departure"]}
            for one in stay
            if one["type"] == "stay"
        )
    if asked == "party":
        return {"adults": read.adults, "children": read.children or 0}
    if asked == "options":
        return int(read)
    return {"nights": lambda: read.nights, "ages": lambda: [*read.child_ages]}.get(
        asked, lambda: read
    )()
