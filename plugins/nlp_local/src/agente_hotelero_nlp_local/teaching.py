"""What one hotel teaches, on top of the shipped model, in a fraction of a second.

The shipped scores stay as they are; what is added is a second kernel ridge regression, of a sharper
Gaussian, of what the shipped model gets wrong on the taught phrases. The shipped phrases nearest to
them are in it too, as right already: so a new question takes no more room than its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from agente_hotelero.components import Question
from numpy.typing import NDArray

from agente_hotelero_nlp_local import features, phrases
from agente_hotelero_nlp_local.features import Matrix
from agente_hotelero_nlp_local.model import Model, logistic
from agente_hotelero_nlp_local.phrases import Example

SHARPNESS = 2.5
GRAM_WEIGHT = 0.5
RIDGE = 0.05
NEIGHBOURS = 40
MOST_NEIGHBOURS = 1000


@dataclass(frozen=True, kw_only=True)
class Taught:
    """The shipped model with the phrases of one hotel: scores as the shipped one gives them, and
    columns more for the intents that are new. `words` are weights of the n-grams in `buckets`."""

    base: Model
    intents: tuple[str, ...]
    examples: tuple[Example, ...]
    anchors: Matrix
    pull: Matrix
    buckets: NDArray[np.intp]
    words: Matrix

    def scores(self, texts: Sequence[str]) -> tuple[Matrix, Matrix]:
        embedded = features.embedded(texts)
        raw, languages = self.base.raw(texts, embedded)
        wider = _widened(raw, len(self.intents))
        projected: Matrix = embedded @ self.base.axes
        wider += _closeness(projected @ self.anchors.T) @ self.pull
        wider += np.stack([self._worded(text) for text in texts])
        return logistic(self.base.slope * wider + self.base.offset), languages

    def _worded(self, text: str) -> Matrix:
        buckets, values = features.weighed(text, self.base.idf)
        places = np.searchsorted(self.buckets, buckets).clip(max=len(self.buckets) - 1)
        known = self.buckets[places] == buckets
        return np.asarray(values[known] @ self.words[places[known]])


def examples_of(questions: Sequence[Question]) -> list[Example]:
    """The phrases of all questions."""
    return [
        Example(text=text, intent=question.name, language=language)
        for question in questions
        for language, texts in question.phrases.items()
        for text in texts
    ]


def teach(base: Model, examples: Sequence[Example]) -> Taught:
    """The model with these phrases added; those of the shipped model stay as they are."""
    intents = tuple(dict.fromkeys([*base.intents, *(one.intent for one in examples)]))
    texts = [one.text for one in examples]
    embedded = features.embedded(texts)
    near = _nearest(base, embedded)
    raw, _ = base.raw(texts, embedded)
    wanted = np.zeros((len(examples), len(intents)), dtype=np.float32)
    wanted[np.arange(len(examples)), [intents.index(one.intent) for one in examples]] = 1
    errors = wanted - _widened(raw, len(intents))
    anchors = np.vstack([embedded @ base.axes, base.anchors[near]])
    known = phrases.shipped()
    buckets, grams = _grams([*texts, *(known[number].text for number in near)], base.idf)
    kernel = _closeness(anchors @ anchors.T) + GRAM_WEIGHT * (grams @ grams.T)
    system = kernel.astype(np.float64) + RIDGE * np.eye(len(anchors))
    pull = np.linalg.solve(system, np.vstack([errors, np.zeros((len(near), len(intents)))]))
    return Taught(
        base=base,
        intents=intents,
        examples=tuple(examples),
        anchors=anchors,
        pull=pull.astype(np.float32),
        buckets=buckets,
        words=(GRAM_WEIGHT * grams.T @ pull).astype(np.float32),
    )


def _grams(texts: Sequence[str], idf: Matrix) -> tuple[NDArray[np.intp], Matrix]:
    """The buckets that occur in any of the texts, in order, and the texts' weights in them."""
    weighed = [features.weighed(text, idf) for text in texts]
    buckets = np.unique(np.concatenate([found for found, _ in weighed]))
    rows = np.zeros((len(texts), len(buckets)), dtype=np.float32)
    for row, (found, values) in zip(rows, weighed, strict=True):
        row[np.searchsorted(buckets, found)] = values
    return buckets, rows


def _nearest(base: Model, embedded: Matrix) -> list[int]:
    """The shipped phrases next to any of the taught ones."""
    cosines = embedded @ base.axes @ base.anchors.T
    each = np.argsort(-cosines, axis=1)[:, :NEIGHBOURS]
    return sorted(set(each.T.ravel()[:MOST_NEIGHBOURS].tolist()))


def _widened(raw: Matrix, columns: int) -> Matrix:
    wider = np.zeros((len(raw), columns), dtype=np.float32)
    wider[:, : raw.shape[1]] = raw
    return wider


def _closeness(cosines: Matrix) -> Matrix:
    near: Matrix = np.exp(np.float32(-SHARPNESS) * (1 - cosines))
    return near
