"""CLINC150 (Larson et al., 2019): one threshold for what is out of scope, chosen on validation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from agente_hotelero_nlp_local.features import Matrix

from benchmarks.nlu import ridge

RIDGE, SHARPNESS, MARGIN = 0.1, 3.0, 0.5
GIVEN_UP = 0.01


def run(file: Path) -> tuple[float, float, float]:
    """In-scope accuracy without a threshold, with it, and out-of-scope recall, in per cent.

    Nothing out of scope is trained on, nor used to choose the threshold: the paper takes the one at
    which most of the validation part is right, which hangs on its hundred messages out of scope.
    """
    data = json.loads(file.read_text(encoding="utf-8"))
    names = sorted({label for _, label in data["train"]})
    parts = ("train", "val", "test", "oos_test")
    every = ridge.describe([text for part in parts for text, _ in data[part]])
    sizes = np.cumsum([0, *(len(data[part]) for part in parts)])
    places = {part: np.arange(sizes[n], sizes[n + 1]) for n, part in enumerate(parts)}
    known = every.rows(places["train"], places["train"])
    truth = np.zeros((len(data["train"]), len(names)), dtype=np.float32)
    for row, (_, label) in zip(truth, data["train"], strict=True):
        row[names.index(label)] = 1
    near = ridge.kernel(known, known, SHARPNESS)
    near[np.diag_indices(len(near))] += np.float32(RIDGE)
    weights = np.linalg.solve(near, truth - truth.mean(axis=0))
    del near
    scores = {
        part: ridge.kernel(every.rows(places[part], places["train"]), known, SHARPNESS) @ weights
        for part in parts[1:]
    }
    right = {
        part: scores[part].argmax(1) == np.array([names.index(label) for _, label in data[part]])
        for part in ("val", "test")
    }
    threshold = _chosen(certainty(scores["val"]), right["val"])
    kept = right["test"] & (certainty(scores["test"]) >= threshold)
    refused = certainty(scores["oos_test"]) < threshold
    return tuple(100 * float(one.mean()) for one in (right["test"], kept, refused))  # type: ignore[return-value]


def certainty(scores: Matrix) -> Matrix:
    """The best score, more where the next one is far away."""
    ranked = np.sort(scores, axis=1)
    certain: Matrix = ranked[:, -1] + MARGIN * (ranked[:, -1] - ranked[:, -2])
    return certain


def _chosen(certain: Matrix, right: np.ndarray) -> float:
    """The highest at which validation loses no more than `GIVEN_UP` of its in-scope accuracy."""
    lost = np.sort(certain[right])
    return float(lost[int(GIVEN_UP * len(certain))])
