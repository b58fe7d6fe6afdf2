"""Kernel ridge regression with exact left-out scores, over what `nlp_local` makes of a text.

The same features as the shipped model: the sentence embedding, n-grams (with dates, times and
numbers masked by the grammar), and what the shipped model itself says of the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from agente_hotelero_nlp_local import clock_times, features, model
from agente_hotelero_nlp_local.date_patterns import marks
from agente_hotelero_nlp_local.features import Matrix
from agente_hotelero_nlp_local.text import plain
from numpy.typing import NDArray

GRAM_WEIGHT, KNOWN_WEIGHT = 0.25, 0.1
_NUMBER = re.compile(
    r"\b(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|uno?|una|dos|tres|cuatro|cinco|"
    r"seis|dois|duas|quatro)\b"
)


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Texts as features, a row each."""

    embedded: Matrix
    grams: Matrix
    known: Matrix


@dataclass(frozen=True, kw_only=True)
class Described:
    """Texts with all that does not depend on which of them are trained on."""

    texts: tuple[str, ...]
    embedded: Matrix
    known: Matrix

    def rows(self, wanted: NDArray[np.intp], trained: NDArray[np.intp]) -> Rows:
        """Some of the texts; how telling an n-gram is, the trained ones say."""
        idf = features.idf([self.texts[n] for n in trained])
        return Rows(
            embedded=self.embedded[wanted],
            grams=features.counted([self.texts[n] for n in wanted], idf),
            known=self.known[wanted],
        )


def describe(texts: Sequence[str]) -> Described:
    base = model.shipped()
    embedded = features.embedded(texts)
    raw, _ = base.raw(texts, embedded)
    known = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    return Described(texts=tuple(map(masked, texts)), embedded=embedded, known=known)


def masked(text: str) -> str:
    """The text with dates, lengths of stay, times and numbers replaced by words for them."""
    folded = plain(text)
    found = [(said.span, " ttime ") for said in clock_times.read(folded)]
    for mark in marks(folded, "en"):
        if mark.sure and not any(
            mark.start < end and start < mark.end for (start, end), _ in found
        ):
            found.append(((mark.start, mark.end), " nnights " if mark.nights else " ddate "))
    for (start, end), word in sorted(found, reverse=True):
        folded = f"{folded[:start]}{word}{folded[end:]}"
    return " ".join(_NUMBER.sub("0", folded).split())


def kernel(one: Rows, other: Rows, sharpness: float = 1.0) -> Matrix:
    near: Matrix = np.exp(np.float32(-sharpness) * (1 - one.embedded @ other.embedded.T))
    near += np.float32(GRAM_WEIGHT) * (one.grams @ other.grams.T)
    near += np.float32(KNOWN_WEIGHT) * (one.known @ other.known.T)
    return near


def fit(
    kernel_: Matrix, wanted: Matrix, ridge: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Weights, bias and left-out scores; `ridge` is a value a row."""
    bias = wanted.mean(axis=0).astype(np.float64)
    inverse = np.linalg.inv(kernel_.astype(np.float64) + np.diag(ridge))
    weights = inverse @ (wanted - bias)
    return weights, bias, wanted - weights / np.diag(inverse)[:, None]


def best_threshold(scores: NDArray[np.float64], truth: Matrix) -> float:
    """Where micro F1 is highest."""
    order = np.argsort(-scores, axis=None)
    right = np.cumsum(truth.ravel()[order])
    f1 = 2 * right / (np.arange(1, order.size + 1) + truth.sum())
    at = int(f1.argmax())
    ranked = scores.ravel()[order]
    return float((ranked[at] + ranked[min(at + 1, order.size - 1)]) / 2)
