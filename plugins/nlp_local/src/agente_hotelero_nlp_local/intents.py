"""What is wanted: a message is read as a whole and in its parts."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from agente_hotelero.messages import Intent

from agente_hotelero_nlp_local import parties
from agente_hotelero_nlp_local.features import Matrix
from agente_hotelero_nlp_local.text import plain

NOT_AN_INTENT = "out_of_scope"
COURTESY = frozenset(
    {"greeting", "goodbye", "thanks", "acknowledge", "affirm", "deny", "provide_info"}
)
GREETING, FEW_WORDS = "greeting", 4
FIRM = 0.5
SHOWN = 0.02
LESS = 0.001
EDGE = 1e-6
# log-odds = WHOLE * those of the text + PART * those of its best part + SHIFT
WHOLE, PART, SHIFT = 0.85, 0.3, 0.3
MOST_INTENTS = 6
MOST_PARTS, MOST_HALVES, LONGEST_PART = 8, 3, 250
SECOND_AT_MOST = 0.45
_BREAK = re.compile(r"(?<=[.?!;\n])[\s.?!;]+|\n+|,\s+(?!l[oa]s?\s+\w+[\s?]*$)|\s+[-–—]\s+")
_AND = re.compile(r"\s+(?:y|e|and|tambien|também|además|also|ademas|alem disso)\s+", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A piece of the text and where it begins."""

    text: str
    at: int


class Classifier(Protocol):
    """What scores texts: the shipped model, or that with a hotel's own phrases."""

    @property
    def intents(self) -> tuple[str, ...]: ...

    def scores(self, texts: Sequence[str]) -> tuple[Matrix, Matrix]: ...


def parts(text: str) -> list[Part]:
    """The text cut at sentences and commas; the first ones and the last ones of many."""
    found = [part for part in _cut(text, _BREAK) if len(part.text) <= LONGEST_PART]
    return found if len(found) <= MOST_PARTS else [*found[:2], *found[2 - MOST_PARTS :]]


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


def read(text: str, model: Classifier) -> tuple[tuple[Intent, ...], Matrix]:
    """The intents of a text, likeliest first, and the scores of the languages.

    An intent is as likely as the whole text makes it, and as the part that speaks most for it; the
    weights of both were fitted on messages that the model was not trained on.
    """
    pieces = parts(text)
    smaller = [half for piece in pieces for half in _halves(piece)]
    split = [*(pieces if len(pieces) > 1 else ()), *smaller]
    whole = Part(text=text, at=0)
    found, languages = model.scores([part.text for part in (whole, *split)])
    scores = _log_odds(found)
    best = scores[1:].max(axis=0) if split else scores[0]
    odds = WHOLE * scores[0] + PART * best + SHIFT
    odds = np.maximum(odds, _greeted(scores, split, model.intents))
    leaders = {int(row.argmax()) for row in scores}
    intents = [
        _intent(number, float(odds[number]), scores, split, number in leaders, model.intents)
        for number in np.argsort(-odds)[:MOST_INTENTS]
    ]
    return _courtesy_last([one for one in intents if one.confidence >= SHOWN]), languages[0]


def _greeted(scores: Matrix, split: Sequence[Part], names: Sequence[str]) -> Matrix:
    """A short part that greets is a greeting, whatever follows."""
    odds = np.full(scores.shape[1], -np.inf, dtype=np.float32)
    number = names.index(GREETING)
    for part, row in zip(split, scores[1:], strict=False):
        if int(row.argmax()) == number and len(part.text.split()) <= FEW_WORDS:
            odds[number] = max(odds[number], row[number])
    return odds


def _intent(
    number: int,
    odds: float,
    scores: Matrix,
    split: Sequence[Part],
    leads: bool,
    names: Sequence[str],
) -> Intent:
    """One intent, and where it is said. What leads in no part is there to be asked about."""
    confidence = 1 / (1 + math.exp(-odds))
    if not leads:
        confidence = min(confidence, SECOND_AT_MOST)
    at = split[int(scores[1:, number].argmax())].at if split else 0
    return Intent(name=names[number], confidence=round(confidence, 3), at=at)


def _courtesy_last(found: Sequence[Intent]) -> tuple[Intent, ...]:
    """With greetings and thanks no likelier than the wish that they stand around."""
    wishes = [one.confidence for one in found if one.name not in COURTESY]
    most = max(wishes, default=0.0)
    if most < FIRM:
        return tuple(found)
    capped = [
        replace(one, confidence=min(one.confidence, round(most - LESS, 3)))
        if one.name in COURTESY
        else one
        for one in found
    ]
    return tuple(sorted(capped, key=lambda one: -one.confidence))


def _log_odds(confidences: Matrix) -> Matrix:
    safe = np.clip(confidences, EDGE, 1 - EDGE)
    odds: Matrix = np.log(safe / (1 - safe))
    return odds


def _halves(part: Part) -> list[Part]:
    """The two sides of an "and", if each has something to say."""
    found = _cut(part.text, _AND, part.at)
    people = any(parties.read(plain(half.text)) for half in found)
    return found if 1 < len(found) <= MOST_HALVES and not people else []
