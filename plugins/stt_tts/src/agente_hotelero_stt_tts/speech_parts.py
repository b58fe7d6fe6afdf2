"""Where in a note somebody speaks, and windows that whisper can take. Runs in a worker.

Silero VAD v6 comes inside faster-whisper's package (MIT); it runs on onnxruntime alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from agente_hotelero.speech import RATE
from numpy.typing import NDArray

from agente_hotelero_stt_tts import models

Samples = NDArray[np.float32]
FRAME, CONTEXT, STATE = 512, 64, 128
SURE, STILL_SURE = 0.5, 0.35
SHORTEST_SPEECH, LONGEST_GAP = 0.25, 0.6
BEFORE, AFTER = 0.3, 0.5
WINDOW_SECONDS = 28.0


def samples_of(body: bytes) -> Samples:
    """Signed 16 bit samples as numbers from -1 to 1."""
    return np.frombuffer(body, dtype="<i2").astype(np.float32) / 32768.0


class Voices:
    """Finds speech."""

    def __init__(self) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        self._session = onnxruntime.InferenceSession(
            str(_model_file()), options, providers=["CPUExecutionProvider"]
        )

    def parts(self, samples: Samples) -> list[tuple[int, int]]:
        """Stretches of speech as first and last sample; none where there is only noise."""
        return stretches(self._probabilities(samples), len(samples))

    def _probabilities(self, samples: Samples) -> NDArray[np.float32]:
        count = -(-len(samples) // FRAME)
        padded = np.zeros(CONTEXT + count * FRAME, dtype=np.float32)
        padded[CONTEXT : CONTEXT + len(samples)] = samples
        frames = np.stack([padded[n * FRAME : n * FRAME + CONTEXT + FRAME] for n in range(count)])
        state = np.zeros((1, 1, STATE), dtype=np.float32)
        given: dict[str, Any] = {"input": frames, "h": state, "c": state}
        return np.asarray(self._session.run(None, given)[0], dtype=np.float32).reshape(-1)


def _model_file() -> Path:
    place = models.VAD.folder(Path())
    models.VAD.demand(place)
    return place / "silero_vad_v6.onnx"


def stretches(sure: NDArray[np.float32], count: int) -> list[tuple[int, int]]:
    """Speech from where it is sure until it is not even likely; short ones are noise, and what is
    close is one. In samples."""
    found: list[tuple[int, int]] = []
    begun: int | None = None
    for place, one in enumerate([*sure.tolist(), 0.0]):
        if begun is None and one >= SURE:
            begun = place
        elif begun is not None and one < STILL_SURE:
            found = _with(found, begun * FRAME, min(place * FRAME, count))
            begun = None
    return [(a, b) for a, b in found if b - a >= SHORTEST_SPEECH * RATE]


def _with(found: list[tuple[int, int]], begin: int, end: int) -> list[tuple[int, int]]:
    if found and begin - found[-1][1] <= LONGEST_GAP * RATE:
        return [*found[:-1], (found[-1][0], end)]
    return [*found, (begin, end)]


def windows(parts: list[tuple[int, int]], count: int) -> list[tuple[int, int]]:
    """As few windows of at most 28 seconds as hold all speech, cut where nobody speaks."""
    longest = int(WINDOW_SECONDS * RATE)
    found: list[tuple[int, int]] = []
    for begin, end in parts:
        begin, end = max(begin - int(BEFORE * RATE), 0), min(end + int(AFTER * RATE), count)
        if found and end - found[-1][0] <= longest:
            found[-1] = (found[-1][0], end)
            continue
        begin = max(begin, found[-1][1]) if found else begin
        while end - begin > longest:
            found.append((begin, begin + longest))
            begin += longest
        found.append((begin, end))
    return found
