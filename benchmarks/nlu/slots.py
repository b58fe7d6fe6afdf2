"""Slots of NLU++: what the grammar of `nlp_local` proposes, joined and named by a CRF."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pycrfsuite
from agente_hotelero_nlp_local import clock_times, moments
from agente_hotelero_nlp_local.date_patterns import marks
from agente_hotelero_nlp_local.engine import common_words
from agente_hotelero_nlp_local.text import fold, mask
from agente_hotelero_nlp_local.typos import mended

from benchmarks.nlu.nlupp import Row, splits

TODAY = date(2022, 3, 15)  # the reference day of the data
DATES = frozenset({"date", "date_from", "date_to"})
SETTINGS = {"c1": 0.02, "c2": 0.02, "max_iterations": 120, "feature.possible_transitions": True}
_TOKEN = re.compile(r"\w+(?:'\w+)?|[^\w\s]")
_CLASSES = {
    "num": "one two three four five six seven eight nine ten none zero a an couple few both un una "
    "dos tres cuatro cinco seis siete ocho",
    "per": "day days night nights week weeks month months weekend fortnight hour hours minutes dia "
    "dias noche noches semana semanas mes horas minutos",
    "kid": "kid kids child children baby babies toddler toddlers infant son sons daughter "
    "daughters "
    "teenagers teens minor minors little teenager niño niños niña niñas hijo hijos hija bebé",
    "adu": "adult adults wife husband partner parents mum mom dad mother father friend friends "
    "girlfriend boyfriend i me myself us adulto adultos mujer marido yo amigo amigos",
    "peo": "people persons person guests guest of us personas persona huéspedes",
    "room": "room rooms suite suites single double twin bedroom habitación habitaciones cuarto "
    "doble",
    "name": "under name named behalf i'm im for is surname it's nombre llamo apellido",
    "tod": "morning evening night afternoon tonight noon midnight overnight now mañana tarde noche",
}
CLASSES = {name: frozenset(words.split()) for name, words in _CLASSES.items()}
_LEADS = frozenset(
    [
        "from",
        "to",
        "until",
        "till",
        "through",
        "leaving",
        "leave",
        "arriving",
        "arrive",
        "between",
        "and",
        "on",
        "for",
        "at",
        "starting",
        "check",
        "checkout",
        "checkin",
        "out",
        "in",
        "before",
        "after",
        "under",
        "since",
        "departing",
        "checking",
        "de",
        "del",
        "al",
        "hasta",
        "desde",
        "para",
        "llegando",
        "llego",
        "salgo",
        "saliendo",
        "entre",
        "el",
        "a",
    ]
)
_PLACES = frozenset(
    [
        "restaurant",
        "table",
        "dinner",
        "lunch",
        "spa",
        "massage",
        "gym",
        "breakfast",
        "treatment",
        "mesa",
    ]
)
_BOOKED = frozenset(
    ["cancel", "change", "reservation", "booking", "booked", "reserva", "cancelar", "cambiar"]
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    word: str
    start: int
    end: int
    kinds: tuple[str, ...]
    grammar: str


def f1(rows: Sequence[Row], protocol: str) -> float:
    """Mean micro F1 of (slot, exact span) over the splits, in per cent."""
    common = common_words()
    tokens = [tokens_of(row.text, common) for row in rows]
    features = [[_features(one, n) for n in range(len(one))] for one in tokens]
    tags = [_tags(one, row) for one, row in zip(tokens, rows, strict=True)]
    folds = np.array([row.fold for row in rows])
    found = []
    for train, test in splits(protocol, int(folds.max()) + 1):
        tagger = _trained(np.flatnonzero(np.isin(folds, list(train))).tolist(), features, tags)
        right = given = true = 0
        for n in np.flatnonzero(np.isin(folds, list(test))).tolist():
            said = _spans(tokens[n], tagger.tag(features[n]))
            right += len(said & rows[n].slots)
            given += len(said)
            true += len(rows[n].slots)
        found.append(2 * right / (given + true))
    return 100 * float(np.mean(found))


def dates_right(rows: Sequence[Row], language: str) -> tuple[int, int]:
    """How many of the gold spans of dates are given their gold value."""
    right = total = 0
    for row in rows:
        for (name, start, end), value in row.values.items():
            if name in DATES and {"year", "month", "day"} <= set(value):
                total += 1
                wanted = date(value["year"], value["month"], value["day"])
                right += date_of(row.text[start:end], language) == wanted
    return right, total


def date_of(text: str, language: str) -> date | None:
    """The likeliest day that a text which is nothing but a date means."""
    folded = mended(fold(text), common_words()).text
    found = [mark for mark in marks(folded, language) if not mark.nights]
    if not found:
        return TODAY if folded in ("now", "ahora") else None
    longest = max(found, key=lambda mark: mark.end - mark.start)
    return next(iter(moments.readings(longest, TODAY, TODAY, language)), None)


def _trained(
    numbers: Sequence[int],
    features: Sequence[list[list[str]]],
    tags: Sequence[list[str]],
) -> pycrfsuite.Tagger:
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.set_params(SETTINGS)
    for n in numbers:
        trainer.append(features[n], tags[n])
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "slots.crf")
        trainer.train(file)
        tagger = pycrfsuite.Tagger()
        tagger.open(file)
    return tagger


def tokens_of(text: str, common: Set[str]) -> list[Token]:
    """Words and marks, with the kinds of word they are and what the grammar sees there."""
    proposed = _proposed(text)
    found = []
    for match in _TOKEN.finditer(text):
        word = match.group().lower()
        kinds = [name for name, words in CLASSES.items() if word in words]
        kinds += ["num"] if word.isdigit() else []
        kinds += ["rare"] if word.isalpha() and word not in common else []
        grammar = "-"
        for kind, start, end in proposed:
            if match.start() < end and match.end() > start:
                grammar = f"{'B' if match.start() <= start else 'I'}{kind}"
        found.append(
            Token(
                word=match.group(),
                start=match.start(),
                end=match.end(),
                kinds=tuple(kinds) or ("other",),
                grammar=grammar,
            )
        )
    return found


def _proposed(text: str) -> list[tuple[str, int, int]]:
    folded = fold(text)
    times = clock_times.read(folded.text)
    free = mask(folded.text, [said.span for said in times])
    found = [("time", *folded.span(*said.span)) for said in times]
    for mark in marks(free, "en"):
        kind = "period" if mark.nights else "weekend" if mark.weekend else "date"
        found.append((kind if mark.sure else "bare", *folded.span(mark.start, mark.end)))
    return found


def _features(tokens: Sequence[Token], at: int) -> list[str]:
    one, words = tokens[at], [token.word.lower() for token in tokens]
    word = words[at]
    found = ["bias", f"w={word}", f"g={one.grammar}", f"s={word[-3:]}", f"p={word[:3]}"]
    found += [f"c={kind}" for kind in one.kinds]
    if word.isdigit():
        found.append(f"n={len(word)}{'z' if int(word) > 31 else 'h' if int(word) > 12 else 'l'}")
    for step in (-3, -2, -1, 1, 2, 3):
        if not 0 <= at + step < len(tokens):
            found.append(f"e{step}")
            continue
        other = tokens[at + step]
        found += [f"w{step}={words[at + step]}", f"g{step}={other.grammar}"]
        found += [f"c{step}={kind}" for kind in other.kinds]
    return found + _joined(tokens, words, at) + _around(tokens, words, at)


def _joined(tokens: Sequence[Token], words: Sequence[str], at: int) -> list[str]:
    found = [f"b={words[at - 1]}_{words[at]}"] if at else []
    if at + 1 < len(tokens):
        one, after = tokens[at], tokens[at + 1]
        found += [f"a={words[at]}_{words[at + 1]}", f"gg={one.grammar}{after.grammar}"]
        found.append(f"cc={one.kinds[0]}{after.kinds[0]}")
    return found


def _around(tokens: Sequence[Token], words: Sequence[str], at: int) -> list[str]:
    """What leads here, how many dates stand on either side, and what the sentence speaks of."""
    leads = [word for word in words[:at] if word in _LEADS]
    when = ("Bdate", "Bbare", "Btime")
    before = min(sum(token.grammar in when for token in tokens[:at]), 2)
    after = min(sum(token.grammar in when for token in tokens[at + 1 :]), 2)
    grammar = tokens[at].grammar
    found = [f"l={leads[-1] if leads else '-'}", f"l2={'_'.join(leads[-2:])}"]
    found += [f"db={before}", f"da={after}", f"gd={grammar}{before}{after}"]
    found.append(f"len={min(len(words) // 3, 4)}")
    if grammar != "-":
        found.append(f"gp={grammar}{bool(_PLACES & set(words))}")
        found.append(f"gb={grammar}{bool(_BOOKED & set(words))}")
    return found


def _tags(tokens: Sequence[Token], row: Row) -> list[str]:
    tags = ["O"] * len(tokens)
    for name, start, end in sorted(row.slots, key=lambda slot: slot[1]):
        inside = [n for n, one in enumerate(tokens) if one.start < end and one.end > start]
        for place, n in enumerate(inside):
            if tags[n] == "O":
                tags[n] = f"{'I' if place else 'B'}-{name}"
    return tags


def _spans(tokens: Sequence[Token], tags: Sequence[str]) -> set[tuple[str, int, int]]:
    found: list[tuple[str, int, int]] = []
    for n, tag in enumerate(tags):
        if tag == "O":
            continue
        name = tag[2:]
        goes_on = tag[0] == "I" and n > 0 and tags[n - 1][2:] == name and found
        if goes_on:
            found[-1] = (name, found[-1][1], tokens[n].end)
        else:
            found.append((name, tokens[n].start, tokens[n].end))
    return set(found)
