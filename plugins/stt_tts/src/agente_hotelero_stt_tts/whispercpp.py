"""Whisper by whisper.cpp, from the same weights. Runs in a worker.

It has no list of readings: a word is as sure as its tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agente_hotelero.errors import Unavailable
from agente_hotelero.speech import RATE
from agente_hotelero.workers import Head, Work

from agente_hotelero_stt_tts import ggml, models, speech_parts, vocabulary
from agente_hotelero_stt_tts.memory import give_back
from agente_hotelero_stt_tts.readings import numbers_joined

FILE = "ggml-base.bin"


def work(folder: str, threads: int, beam: int) -> Work:
    """For the process; the weights are converted when that was not done before."""
    try:
        from faster_whisper.feature_extractor import FeatureExtractor
        from pywhispercpp.model import Model
    except ImportError:
        raise Unavailable(
            'whisper.cpp is not installed: pip install "agente-hotelero-stt-tts[whispercpp]"'
        ) from None
    file = Path(folder) / FILE
    if not models.same(file, models.GGML_SHA256):
        models.WHISPER.demand(Path(folder))
        ggml.convert(Path(folder), file, FeatureExtractor.get_mel_filters(RATE, 400, ggml.MELS))
    model = Model(
        str(file),
        params_sampling_strategy=1,
        n_threads=threads,
        beam_search={"beam_size": beam, "patience": -1.0},
        no_context=True,
        print_progress=False,
        print_realtime=False,
        # A segment a word.
        max_len=1,
        split_on_word=True,
        token_timestamps=True,
    )
    ears = Ears(model, speech_parts.Voices())

    def do(head: Head, body: bytes) -> tuple[Head, bytes]:
        try:
            return ears.hear(body, head), b""
        finally:
            give_back()

    return do


class Ears:
    """A loaded model."""

    def __init__(self, model: Any, voices: speech_parts.Voices) -> None:
        self._model = model
        self._voices = voices

    def hear(self, body: bytes, asked: Head) -> Head:
        """Text, language and words of a note; ``no_speech`` where there are none."""
        samples = speech_parts.samples_of(body)
        parts = self._voices.parts(samples)
        language, words = "", list[tuple[str, float]]()
        for begin, end in speech_parts.windows(parts, len(samples)):
            window = samples[begin:end]
            language = language or self._language(window, asked)
            words += self._words(window, language, asked["hints"])
        text = "".join(word for word, _ in words).strip()
        if not any(mark.isalnum() for mark in text):
            return {"status": "no_speech"}
        told = [(word.strip(), sure) for word, sure in words]
        return {"status": "ok", "language": language, "text": text, "words": told}

    def _language(self, window: speech_parts.Samples, asked: Head) -> str:
        languages: list[str] = asked["languages"]
        if len(languages) == 1:
            return languages[0]
        _, sure = self._model.auto_detect_language(window)
        return max(languages, key=lambda language: float(sure.get(language, 0.0)))

    def _words(
        self, window: speech_parts.Samples, language: str, hints: Sequence[str]
    ) -> list[tuple[str, float]]:
        seconds = len(window) / RATE
        expected = vocabulary.words(language, hints, seconds)
        prompt = f"{expected} {vocabulary.sample(language, seconds)}".strip()
        segments = self._model.transcribe(
            window, language=language, initial_prompt=prompt, extract_probability=True
        )
        found = [
            (f" {one.text.strip()}", min(max(float(one.probability), 0.0), 1.0))
            for one in segments
            if any(mark.isalnum() for mark in one.text)
        ]
        return numbers_joined(found, language)
