"""What is wanted: each part of a message is read by itself where the parts speak for themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from agente_hotelero.messages import Intent

from agente_hotelero_nlp_local import parties
from agente_hotelero_nlp_local.features import Matrix
from agente_hotelero_nlp_local.model import Model
from agente_hotelero_nlp_local.text import plain

NOT_AN_INTENT = "out_of_scope"
FIRM = 0.5
SHOWN = 0.15
MOST_PARTS, MOST_HALVES = 8, 3
SECOND_AT_MOST = 0.45
_BREAK = re.compile(r"(?<=[.?!;\n])[\s.?!;]+|\n+|,\s+(?!l[oa]s?\s+\w+[\s?]*$)|\s+[-–—]\s+")
_AND = re.compile(r"\s+(?:y|e|and|tambien|também|además|also|ademas|alem disso)\s+", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A piece of the text and where it begins."""

    text: str
    at: int


def parts(text: str) -> list[Part]:
    """The text cut at sentences and commas."""
    return _cut(text, _BREAK)[:MOST_PARTS]


def _cut(text: str, where: re.Pattern[str], base: int = 0) -> list[Part]:
    found: list[Part] = []
    start = 0
    for match in [*where.finditer(text), None]:
        end = match.start() if match else len(text)
        piece = text[start:end]
        if re.search(r"\w|[^\s\w.,;:!?¡¿]", piece):
            found.append(Part(text=piece, at=base + start))
        start = match.end() if match else end
    return found


def read(text: str, model: Model) -> tuple[tuple[Intent, ...], Matrix]:
    """The intents of a text, likeliest of each part first, and the scores of the languages."""
    pieces = parts(text)
    halves = [half for piece in pieces for half in _halves(piece)]
    whole = Part(text=text, at=0)
    confidences, languages = model.scores([p.text for p in (whole, *pieces, *halves)])
    by_part = dict(zip((whole, *pieces, *halves), confidences, strict=True))
    chosen = [whole] if len(pieces) < 2 or not _speak(pieces, by_part) else pieces
    final = [half for piece in chosen for half in _finer(piece, by_part)]
    return _merged(final, by_part, model.intents), languages[0]


def _halves(part: Part) -> list[Part]:
    """The two sides of an "and", if each has something to say."""
    found = _cut(part.text, _AND, part.at)
    people = any(parties.read(plain(half.text)) for half in found)
    return found if 1 < len(found) <= MOST_HALVES and not people else []


def _finer(part: Part, by_part: dict[Part, Matrix]) -> list[Part]:
    """The halves, where each is surely a wish of its own; else the part as it stands."""
    halves = _halves(part)
    if not halves or not all(half in by_part for half in halves):
        return [part]
    best = [int(by_part[half].argmax()) for half in halves]
    sure = all(float(by_part[half].max()) >= FIRM for half in halves)
    return halves if sure and len(set(best)) == len(best) else [part]


def _speak(pieces: Sequence[Part], by_part: dict[Part, Matrix]) -> bool:
    """Whether some piece is clear by itself; else the pieces belong together."""
    return any(float(by_part[piece].max()) >= FIRM for piece in pieces)


def _merged(
    final: Sequence[Part], by_part: dict[Part, Matrix], names: Sequence[str]
) -> tuple[Intent, ...]:
    best: dict[str, Intent] = {}
    for part in final:
        row = by_part[part]
        for place, number in enumerate(np.argsort(-row)[:3]):
            confidence, name = float(row[number]), names[int(number)]
            if place:
                # A part says one thing; its next best readings are there to be asked about.
                confidence = min(confidence, SECOND_AT_MOST)
            if confidence < SHOWN or (name in best and best[name].confidence >= confidence):
                continue
            best[name] = Intent(name=name, confidence=round(confidence, 3), at=part.at)
    return tuple(sorted(best.values(), key=lambda intent: -intent.confidence))
