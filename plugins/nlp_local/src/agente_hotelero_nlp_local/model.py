"""The classifier: kernel ridge regression, one output per intent and language, and its calibration.

The kernel is a Gaussian of the sentence embeddings, in the `DIMENSIONS` in which the phrases differ
most, plus the product of the n-gram vectors. Choices (`RIDGE`, `GRAM_WEIGHT`, `SHARPNESS`) were
made on left-out scores of the training phrases only.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from agente_hotelero_nlp_local import features
from agente_hotelero_nlp_local.features import Matrix
from agente_hotelero_nlp_local.phrases import LANGUAGES, Example

RIDGE = 0.2
GRAM_WEIGHT = 0.25
SHARPNESS = 1.5
DIMENSIONS = 192
ARTEFACT = "model.npz"


@dataclass(frozen=True, kw_only=True)
class Model:
    """The phrases' embeddings with the weight of each, the weights of n-grams, and the curve."""

    intents: tuple[str, ...]
    axes: Matrix
    anchors: Matrix
    pull: Matrix
    words: Matrix
    bias: Matrix
    idf: Matrix
    slope: float
    offset: float

    def scores(self, texts: Sequence[str]) -> tuple[Matrix, Matrix]:
        """Confidence of each intent, and score of each language, a row a text."""
        raw, languages = self.raw(texts, features.embedded(texts))
        return logistic(self.slope * raw + self.offset), languages

    def raw(self, texts: Sequence[str], embedded: Matrix) -> tuple[Matrix, Matrix]:
        """Scores of intents before the curve, and of languages."""
        projected: Matrix = embedded @ self.axes
        meant = _closeness(projected @ self.anchors.T) @ self.pull
        found = meant + np.stack([self._worded(text) for text in texts]) + self.bias
        return found[:, : len(self.intents)], found[:, len(self.intents) :]

    def _worded(self, text: str) -> Matrix:
        """What the n-grams say; a text has a few hundred of the sixteen thousand."""
        buckets, values = features.weighed(text, self.idf)
        return np.asarray(values @ self.words[buckets])

    def dump(self) -> bytes:
        out = io.BytesIO()
        np.savez_compressed(
            out,
            intents=np.array(self.intents),
            axes=self.axes.astype(np.float16),
            anchors=self.anchors.astype(np.float16),
            pull=self.pull.astype(np.float16),
            words=self.words.astype(np.float16),
            bias=self.bias,
            idf=self.idf.astype(np.float16),
            curve=np.array([self.slope, self.offset]),
        )
        return out.getvalue()


def train(examples: Sequence[Example]) -> Model:
    """Fit all outputs at once: as many equations as there are phrases."""
    texts = [example.text for example in examples]
    intents = tuple(dict.fromkeys(example.intent for example in examples))
    idf = features.idf(texts)
    embedded, grams = features.embedded(texts), features.counted(texts, idf)
    axes = np.linalg.svd(embedded.T @ embedded)[0][:, :DIMENSIONS]
    anchors = embedded @ axes
    wanted = _targets(examples, intents)
    mean = wanted.mean(axis=0)
    kernel = _closeness(anchors @ anchors.T) + GRAM_WEIGHT * (grams @ grams.T)
    inverse = np.linalg.inv(kernel.astype(np.float64) + RIDGE * np.eye(len(texts)))
    pull = inverse @ (wanted - mean)
    left_out = wanted - pull / np.diag(inverse)[:, None]
    slope, offset = _calibrated(left_out[:, : len(intents)], wanted[:, : len(intents)])
    return Model(
        intents=intents,
        axes=axes,
        anchors=anchors,
        pull=pull.astype(np.float32),
        words=(GRAM_WEIGHT * grams.T @ pull).astype(np.float32),
        bias=mean.astype(np.float32),
        idf=idf,
        slope=slope,
        offset=offset,
    )


@lru_cache(maxsize=1)
def shipped() -> Model:
    """The model inside this package, loaded once per process.

    From then on the process multiplies matrices with one thread: ours are small, and the others
    would only spin beside it, at twice the CPU.
    """
    threadpool_limits(limits=1, user_api="blas")
    raw = (files("agente_hotelero_nlp_local") / ARTEFACT).read_bytes()
    with np.load(io.BytesIO(raw), allow_pickle=False) as held:
        slope, offset = (float(value) for value in held["curve"])
        return Model(
            intents=tuple(str(name) for name in held["intents"]),
            slope=slope,
            offset=offset,
            **{
                name: held[name].astype(np.float32)
                for name in ("axes", "anchors", "pull", "words", "bias", "idf")
            },
        )


def _closeness(cosines: Matrix) -> Matrix:
    near: Matrix = np.float32(SHARPNESS) * np.exp(np.float32(-SHARPNESS) * (1 - cosines))
    return near


def _targets(examples: Sequence[Example], intents: Sequence[str]) -> Matrix:
    wanted = np.zeros((len(examples), len(intents) + len(LANGUAGES)), dtype=np.float32)
    for row, example in zip(wanted, examples, strict=True):
        row[intents.index(example.intent)] = 1
        row[len(intents) + LANGUAGES.index(example.language)] = 1
    return wanted


def _calibrated(scores: Matrix, truth: Matrix, steps: int = 60) -> tuple[float, float]:
    """Slope and offset of the logistic curve that makes left-out scores probabilities (Newton)."""
    x, y = scores.ravel().astype(np.float64), truth.ravel().astype(np.float64)
    slope, offset = 1.0, 0.0
    for _ in range(steps):
        p = logistic(slope * x + offset)
        w = p * (1 - p) + 1e-9
        gradient = np.array([((y - p) * x).sum(), (y - p).sum()])
        hessian = np.array([[(w * x * x).sum(), (w * x).sum()], [(w * x).sum(), w.sum()]])
        step = np.linalg.solve(hessian, gradient)
        slope, offset = slope + float(step[0]), offset + float(step[1])
    return slope, offset


def logistic(x: NDArray[Any]) -> NDArray[Any]:
    curve: NDArray[Any] = 1.0 / (1 + np.exp(-np.clip(x, -30, 30)))
    return curve
