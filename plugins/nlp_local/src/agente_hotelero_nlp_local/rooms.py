"""Which room type is meant, by the property's own names and by common words for them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agente_hotelero_nlp_local.numerals import NUMBER, value
from agente_hotelero_nlp_local.text import plain

Span = tuple[int, int]
# Words for one kind of room, in all three languages: whoever says one may mean a name with another.
_KINDS = (
    r"dobles?|dbl|duplos?|double|doubles|matrimonial|twin",
    r"suites?|suits?",
    r"individual(?:es)?|simples?|sencillas?|single|sgl|solteiro",
    r"triples?|triplos?|tpl|trpl",
    r"cuadruples?|quadruplos?|quadruples?|quad|cuadruple",
    r"familiar(?:es)?|familia|family",
    r"studios?|estudios?|kitchenette",
    r"deluxe|de luxe|de lujo|luxo|luxury",
    r"cabanas?|cabins?|chales?|bungalows?",
    r"apartamentos?|departamentos?|depto|apartments?|flats?",
    r"dormitorios? compartidos?|dorm|hostel",
)
_GENERIC = frozenset({"habitacion", "quarto", "room", "cuarto", "hab", "con", "com", "with", "de",
                      "la", "el", "a", "o", "the", "y", "e", "and", "vista", "view"})  # fmt: skip
_PLACES = r"(?:habitacion(?:es)?|habs?|cuartos?|quartos?|rooms?|piezas?|aptos?|cabanas?|cabins?)\b"
_MANY = r"(?:apartamentos|apartments|departamentos|bungalows|suites|chales|unidades)\b"
_BEDS = r"(?!\s*(?:camas?|beds?))"
_ROOMS = re.compile(
    rf"(?<!con )(?<!com )(?<!with )(?<![\w¤])(?P<n>{NUMBER})\s+(?:(?:\w+\s)?{_PLACES}|{_MANY}|"
    rf"(?:{'|'.join(_KINDS[:6])}|(?<=una )con|(?<=uma )com|(?<=one )with)(?!\w){_BEDS})"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomRead:
    """The ids that the words can mean, likeliest first, and where they stand."""

    ids: tuple[str, ...]
    span: Span


def room_type(text: str, vocabulary: Mapping[str, Sequence[str]]) -> RoomRead | None:
    """A full name of a room first, then a word that only some names hold, then a word of a kind."""
    names = {room: [plain(name) for name in given] for room, given in vocabulary.items()}
    for find in (_whole, _telling, _kind):
        found = find(text, names)
        if found is not None:
            return found
    return None


def rate(text: str, names: Mapping[str, Sequence[str]]) -> RoomRead | None:
    """The rate plan on offer that is named, in full or by a word that no other one holds."""
    plain_names = {plan: [plain(name) for name in given] for plan, given in names.items()}
    return _whole(text, plain_names) or _telling(text, plain_names)


def how_many(text: str) -> tuple[int, Span] | None:
    """A number of rooms above one: "2 habitaciones", "dos dobles y una triple"."""
    told = re.search(rf"{_PLACES}\s*:\s*(?P<n>\d{{1,2}})(?!\d)", text)
    if told and int(told["n"]) > 1:
        return int(told["n"]), told.span()
    found = [match for match in _ROOMS.finditer(text) if value(match["n"])]
    total = sum(value(match["n"]) for match in found)
    if total < 2:
        return None
    return total, (found[0].start(), found[-1].end())


def _whole(text: str, names: Mapping[str, Sequence[str]]) -> RoomRead | None:
    found: list[tuple[int, str, Span]] = []
    for room, given in names.items():
        for name in given:
            match = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) if name else None
            if match:
                found.append((len(name), room, match.span()))
    return _longest(found)


def _telling(text: str, names: Mapping[str, Sequence[str]]) -> RoomRead | None:
    """A word of a name that no other room's names hold."""
    words = {room: {w for name in given for w in name.split()} for room, given in names.items()}
    found: list[tuple[int, str, Span]] = []
    for room, own in words.items():
        others = set().union(*(held for other, held in words.items() if other != room))
        for word in own - others - _GENERIC:
            match = re.search(rf"(?<!\w){re.escape(word)}s?(?!\w)", text)
            if match and len(word) > 3:
                found.append((len(word), room, match.span()))
    return _longest(found)


def _kind(text: str, names: Mapping[str, Sequence[str]]) -> RoomRead | None:
    for kind in _KINDS:
        match = re.search(rf"(?<!\w)(?:{kind})(?!\w)", text)
        if match is None:
            continue
        ids = tuple(
            room
            for room, given in names.items()
            if any(re.search(rf"(?<!\w)(?:{kind})(?!\w)", name) for name in given)
        )
        if ids:
            return RoomRead(ids=ids, span=match.span())
    return None


def _longest(found: list[tuple[int, str, Span]]) -> RoomRead | None:
    if not found:
        return None
    longest = max(size for size, _, _ in found)
    best = [(room, span) for size, room, span in found if size == longest]
    return RoomRead(ids=tuple(dict.fromkeys(room for room, _ in best)), span=best[0][1])
