"""Whisper by CTranslate2: each window is encoded once, its language told, and read by beam search.

Runs in a worker. `faster_whisper` lends the features and the tokenizer; the loop is ours, because
its own encodes twice where the language is not known, and keeps but the best reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agente_hotelero.errors import Unavailable
from agente_hotelero.speech import RATE
from agente_hotelero.workers import Head, Work

from agente_hotelero_stt_tts import models, speech_parts, vocabulary
from agente_hotelero_stt_tts.memory import give_back
from agente_hotelero_stt_tts.readings import agreement, numbers_joined

FRAMES_PER_SECOND = 100
MOST_TOKENS, MOST_PROMPT = 448, 223
TOKENS_PER_SECOND, FEWEST_TOKENS = 12, 24
# Below this nothing was heard, whatever the detector of speech thought: whoever asks again does
# less harm than whoever guesses. OpenAI's own limits ask for both; its second try needs the first.
NO_SPEECH, UNLIKELY, NONSENSE = 0.6, -0.8, -1.0
# How many times likelier the language is in which the guest has spoken so far.
KEPT_SHORT, KEPT = 50.0, 4.0
# How many times the beam is filled before the search ends.
PATIENCE = 2.0


@dataclass(frozen=True, kw_only=True)
class Piece:
    """What was read in one window."""

    text: str
    words: tuple[tuple[str, float], ...]


def work(folder: str, threads: int, beam: int) -> Work:
    """For the process."""
    try:
        from faster_whisper import WhisperModel
    except ImportError:
        raise Unavailable(
            'faster-whisper is not installed: pip install "agente-hotelero-stt-tts[whisper]"'
        ) from None
    models.WHISPER.demand(Path(folder))
    try:
        model = WhisperModel(
            folder, device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
        )
    except RuntimeError as error:
        # CTranslate2 has no other kind, also for memory that it does not get.
        raise Unavailable(f"the model was not loaded: {error}; see memory_mb") from error
    ears = Ears(model, speech_parts.Voices(), beam)
    give_back()

    def do(head: Head, body: bytes) -> tuple[Head, bytes]:
        try:
            return ears.hear(body, head), b""
        finally:
            give_back()

    return do


class Ears:
    """A loaded model."""

    def __init__(self, model: Any, voices: speech_parts.Voices, beam: int) -> None:
        self._model = model
        self._voices = voices
        self._beam = beam

    def hear(self, body: bytes, asked: Head) -> Head:
        """Text, language and words of a note; ``no_speech`` where there are none."""
        samples = speech_parts.samples_of(body)
        parts = self._voices.parts(samples)
        language, pieces = "", []
        for begin, end in speech_parts.windows(parts, len(samples)):
            window = samples[begin:end]
            features = self._model.feature_extractor(window)[:, :-1]
            encoded = self._model.encode(_padded(features))
            seconds = len(window) / RATE
            language = language or self._language(encoded, asked, seconds)
            piece = self._read(encoded, seconds, language, asked["hints"])
            pieces += [piece] if piece is not None else []
        if not pieces:
            return {"status": "no_speech"}
        return {
            "status": "ok",
            "language": language,
            "text": " ".join(piece.text for piece in pieces),
            "words": [word for piece in pieces for word in piece.words],
        }

    def _language(self, encoded: Any, asked: Head, seconds: float) -> str:
        """The likeliest of the hotel's languages. A guest seldom changes his, least of all within
        a word or two, which sound alike in all of them ("sim", "sing it")."""
        languages: list[str] = asked["languages"]
        if len(languages) == 1:
            return languages[0]
        told = self._model.model.detect_language(encoded)[0]
        sure = {token[2:-2]: float(one) for token, one in told}
        if asked["language"] in languages:
            kept = KEPT_SHORT if seconds < vocabulary.SHORT_SECONDS else KEPT
            sure[asked["language"]] = sure.get(asked["language"], 0.0) * kept
        return max(languages, key=lambda language: sure.get(language, 0.0))

    def _read(
        self, encoded: Any, seconds: float, language: str, hints: Sequence[str]
    ) -> Piece | None:
        tokenizer = self._tokenizer(language)
        prompt = self._prompt(tokenizer, language, hints, seconds)
        result = self._model.model.generate(
            encoded,
            [prompt],
            beam_size=self._beam,
            num_hypotheses=self._beam,
            patience=PATIENCE,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=[-1],
            no_repeat_ngram_size=6,
            max_length=_most_tokens(len(prompt), seconds),
        )[0]
        if result.scores[0] < (UNLIKELY if result.no_speech_prob > NO_SPEECH else NONSENSE):
            return None
        best = result.sequences_ids[0]
        if not any(mark.isalnum() for mark in tokenizer.decode(best)):
            return None
        readings = [
            (tokenizer.decode(ids), score * len(ids))
            for ids, score in zip(result.sequences_ids, result.scores, strict=True)
        ]
        words = self._words(tokenizer, encoded, best, seconds, language)
        shares = agreement([word for word, _ in words], readings, language)
        both = [(word, min(sure, share)) for (word, sure), share in zip(words, shares, strict=True)]
        told = numbers_joined(both, language)
        return Piece(
            text="".join(word for word, _ in told).strip(),
            words=tuple((word.strip(), sure) for word, sure in told),
        )

    def _words(
        self, tokenizer: Any, encoded: Any, ids: Sequence[int], seconds: float, language: str
    ) -> list[tuple[str, float]]:
        """Words, each as likely as its least likely part, punctuation aside.

        Given is the sample only: with the whole prompt this would need as much memory as all the
        rest, and without any, digits are held to be unlikely because words were expected.
        """
        sample = vocabulary.sample(language, seconds)
        given = [tokenizer.sot_prev, *tokenizer.encode(" " + sample)]
        aligned = self._model.model.align(
            encoded,
            [*given, *tokenizer.sot_sequence],
            [list(ids)],
            int(seconds * FRAMES_PER_SECOND),
        )[0]
        texts, parts = tokenizer.split_to_word_tokens([*ids, tokenizer.eot])
        sure = iter(aligned.text_token_probs)
        found: list[tuple[str, float]] = []
        for word, part in zip(texts[:-1], parts[:-1], strict=True):
            least = min(next(sure, 0.0) for _ in part)
            if any(mark.isalnum() for mark in word) or not found:
                found.append((word, float(least)))
            else:
                found[-1] = (found[-1][0] + word, found[-1][1])
        return found

    def _tokenizer(self, language: str) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        return Tokenizer(self._model.hf_tokenizer, True, task="transcribe", language=language)

    def _prompt(
        self, tokenizer: Any, language: str, hints: Sequence[str], seconds: float
    ) -> list[int]:
        """What the model takes for said before: the sample last, since the nearest counts most."""
        sample = tokenizer.encode(" " + vocabulary.sample(language, seconds))
        expected = vocabulary.words(language, hints, seconds)
        words = tokenizer.encode(" " + expected) if expected else []
        room = max(MOST_PROMPT - len(sample) - 1, 0)
        given = [tokenizer.sot_prev, *words[:room], *sample]
        return [*given, *tokenizer.sot_sequence, tokenizer.no_timestamps]


def _most_tokens(prompt: int, seconds: float) -> int:
    """No more than anybody can say in that time: a model that goes in circles stops."""
    most = prompt + FEWEST_TOKENS + int(seconds * TOKENS_PER_SECOND)
    return min(most, MOST_TOKENS)


def _padded(features: Any) -> Any:
    from faster_whisper.audio import pad_or_trim

    return pad_or_trim(features)
