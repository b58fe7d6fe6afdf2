"""Dialogues read from their files, and the days they speak of."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "dialogues"


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One line of the guest, or a release by staff, and what must come back."""

    guest: tuple[str, ...] = ()
    tap: int = 0
    release: bool = False
    silent: bool = False
    acts: tuple[str, ...] = ()
    stay: tuple[str, ...] = ()
    party: tuple[int, ...] = ()
    says: tuple[str, ...] = ()

    def line(self, version: int) -> str:
        """The guest's words: the first version, or a paraphrase where there is one."""
        return self.guest[min(version, len(self.guest) - 1)] if self.guest else ""


@dataclass(frozen=True, kw_only=True)
class Dialogue:
    """A conversation; `reserved` is what the PMS holds before, `after` what has become of the first
    of these, `booked` what else it must hold at the end."""

    name: str
    language: str
    turns: tuple[Turn, ...]
    booked: dict[str, Any] | None
    reserved: tuple[dict[str, Any], ...] = ()
    after: dict[str, Any] | None = None
    sold_out: tuple[str, ...] = ()


def read_all() -> list[Dialogue]:
    return [_read(path) for path in sorted(FOLDER.glob("*.toml"))]


def _read(path: Path) -> Dialogue:
    tree = tomllib.loads(path.read_text(encoding="utf-8"))
    turns = tuple(_turn(one) for one in tree["turn"])
    return Dialogue(
        name=path.stem,
        language=tree["language"],
        turns=turns,
        booked=tree.get("booked"),
        reserved=tuple(tree.get("reserved", ())),
        after=tree.get("after"),
        sold_out=tuple(tree.get("sold_out", ())),
    )


def _turn(tree: dict[str, Any]) -> Turn:
    lists = {key: tuple(value) for key, value in tree.items() if isinstance(value, list)}
    if isinstance(tree.get("guest"), str):
        lists["guest"] = (tree["guest"],)
    return Turn(**{**tree, **lists})


def days(said: tuple[str, ...], today: date) -> tuple[date, date]:
    """Arrival and departure: ``MM-DD`` is the next such day, ``+N`` counts from today."""
    arrival = _day(said[0], today)
    return arrival, _day(said[1], today if said[1].startswith("+") else arrival)


def _day(said: str, not_before: date) -> date:
    if said.startswith("+"):
        return not_before + timedelta(days=int(said))
    month, day = map(int, said.split("-"))
    this_year = date(not_before.year, month, day)
    return this_year if this_year >= not_before else date(not_before.year + 1, month, day)
