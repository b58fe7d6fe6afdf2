"""Kokoro-82M on ONNX: phonemes by the program espeak-ng, voices as tables. Runs in a worker.

espeak-ng is GPL and is only called as a program. The symbols are those of Kokoro's own
`config.json` (hexgrad/Kokoro-82M, Apache-2.0), whose diphthongs and affricates are one letter each.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from agente_hotelero.errors import Unavailable, Unsupported
from agente_hotelero.workers import Head, Work
from numpy.typing import NDArray

from agente_hotelero_stt_tts import models
from agente_hotelero_stt_tts.memory import give_back

RATE = 24_000
ESPEAK = "espeak-ng"
ESPEAK_SECONDS = 10
DIALECTS = {"es": "es-419", "pt": "pt-br", "en": "en-us"}
VOICES = {"es": "ef_dora", "pt": "pf_dora", "en": "af_heart"}
# Memory grows with the length of what is said at once.
LONGEST = 90
CLAUSE = re.compile(r"[^.,;:!?…\n]+[.,;:!?…\n]*")
PAUSES = {",": 0.12, ";": 0.2, ":": 0.2, "\n": 0.3}
SENTENCE_PAUSE = 0.3
QUIET = 0.004
TIED = {
    "a^ɪ": "I", "a^ʊ": "W", "e^ɪ": "A", "o^ʊ": "O", "ə^ʊ": "Q", "ɔ^ɪ": "Y",
    "t^ʃ": "ʧ", "d^ʒ": "ʤ", "t^s": "ʦ", "d^z": "ʣ",
}  # fmt: skip
SYMBOLS = {
    ";": 1, ":": 2, ",": 3, ".": 4, "!": 5, "?": 6, "—": 9, "…": 10, " ": 16, "\u0303": 17,
    "ʣ": 18, "ʥ": 19, "ʦ": 20, "ʨ": 21, "ᵝ": 22, "A": 24, "I": 25, "O": 31, "Q": 33, "W": 39,
    "Y": 41, "ᵊ": 42, "a": 43, "b": 44, "c": 45, "d": 46, "e": 47, "f": 48, "h": 50, "i": 51,
    "j": 52, "k": 53, "l": 54, "m": 55, "n": 56, "o": 57, "p": 58, "q": 59, "r": 60, "s": 61,
    "t": 62, "u": 63, "v": 64, "w": 65, "x": 66, "y": 67, "z": 68, "ɑ": 69, "ɐ": 70, "ɒ": 71,
    "æ": 72, "β": 75, "ɔ": 76, "ɕ": 77, "ç": 78, "ɖ": 80, "ð": 81, "ʤ": 82, "ə": 83, "ɚ": 85,
    "ɛ": 86, "ɜ": 87, "ɟ": 90, "ɡ": 92, "ɥ": 99, "ɨ": 101, "ɪ": 102, "ʝ": 103, "ɯ": 110, "ɰ": 111,
    "ŋ": 112, "ɳ": 113, "ɲ": 114, "ɴ": 115, "ø": 116, "ɸ": 118, "θ": 119, "œ": 120, "ɹ": 123,
    "ɾ": 125, "ɻ": 126, "ʁ": 128, "ɽ": 129, "ʂ": 130, "ʃ": 131, "ʈ": 132, "ʧ": 133, "ʊ": 135,
    "ʋ": 136, "ʌ": 138, "ɣ": 139, "ɤ": 140, "χ": 142, "ʎ": 143, "ʒ": 147, "ʔ": 148, "ˈ": 156,
    "ˌ": 157, "ː": 158, "ʰ": 162, "ʲ": 164, "ᵻ": 177,
}  # fmt: skip


def work(model: str, voices: str, threads: int) -> Work:
    """For the process."""
    try:
        import onnxruntime
    except ImportError:
        raise Unavailable(
            'onnxruntime is not installed: pip install "agente-hotelero-stt-tts[kokoro]"'
        ) from None
    models.KOKORO.demand(Path(model).parent)
    models.VOICES.demand(Path(voices))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # The plan of all memory for each length would be kept for ever.
    options.enable_mem_pattern = False
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    shrinking = onnxruntime.RunOptions()
    shrinking.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    mouth = Mouth(session, shrinking, Path(voices))

    def do(head: Head, body: bytes) -> tuple[Head, bytes]:
        try:
            said = mouth.say(head["text"], head["language"], head["voice"], float(head["speed"]))
            return {"rate": RATE}, said
        finally:
            give_back()

    return do


class Mouth:
    """A loaded model."""

    def __init__(self, session: Any, options: Any, voices: Path) -> None:
        self._session = session
        self._options = options
        self._folder = voices
        self._voices: dict[str, NDArray[np.float32]] = {}

    def say(self, text: str, language: str, voice: str, speed: float) -> bytes:
        """Samples at 24,000 a second. Raises Unsupported, Unavailable."""
        style = self._voice(voice)
        parts: list[NDArray[np.float32]] = []
        for phonemes, pause in phrases(text, language):
            ids = [SYMBOLS[mark] for mark in phonemes if mark in SYMBOLS]
            if ids:
                parts += [self._run(ids, style, speed), silence(pause)]
        if not parts:
            raise Unsupported("nothing in it can be said")
        whole = np.concatenate([silence(0.1), *parts])
        return bytes((np.clip(whole, -1.0, 1.0) * 32767).astype("<i2").tobytes())

    def _run(self, ids: list[int], style: NDArray[np.float32], speed: float) -> NDArray[np.float32]:
        given = {
            "tokens": np.array([[0, *ids, 0]], dtype=np.int64),
            "style": style[min(len(ids), len(style) - 1)],
            "speed": np.array([speed], dtype=np.float32),
        }
        sound = self._session.run(None, given, self._options)[0]
        return trimmed(np.asarray(sound, dtype=np.float32).ravel())

    def _voice(self, name: str) -> NDArray[np.float32]:
        if name not in self._voices:
            file = self._folder / f"{name}.bin"
            if not name.isidentifier() or not file.is_file():
                raise Unsupported("no such voice")
            self._voices[name] = np.fromfile(file, dtype=np.float32).reshape(-1, 1, 256)
        return self._voices[name]


def silence(seconds: float) -> NDArray[np.float32]:
    return np.zeros(int(seconds * RATE), dtype=np.float32)


def trimmed(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Without the silence that the model puts around a phrase, but for a breath."""
    loud = np.flatnonzero(np.abs(sound) > QUIET)
    if not len(loud):
        return sound[:0]
    breath = RATE // 12
    return sound[max(int(loud[0]) - breath, 0) : int(loud[-1]) + breath]


def phrases(text: str, language: str) -> Iterator[tuple[str, float]]:
    """Phonemes that are said at once, with the pause after them in seconds."""
    held = ""
    for clause in CLAUSE.findall(text):
        words = clause.rstrip(".,;:!?…\n ")
        mark = clause[len(words) :].strip(" ")[:1] or "\n"
        spoken = phonemes(words, language)
        if not spoken:
            continue
        if mark == "," and len(held) + len(spoken) < LONGEST:
            held += f"{spoken}, "
            continue
        if held and len(held) + len(spoken) > LONGEST:
            yield held.strip(" ,") + ",", PAUSES[","]
            held = ""
        yield from _short(held + spoken, mark)
        held = ""
    if held:
        yield from _short(held.strip(" ,"), ".")


def _short(spoken: str, mark: str) -> Iterator[tuple[str, float]]:
    """In parts of bearable length, cut between words."""
    while len(spoken) > LONGEST + 20:
        cut = spoken.rfind(" ", 0, LONGEST)
        cut = cut if cut > 0 else LONGEST
        yield spoken[:cut], 0.0
        spoken = spoken[cut:].strip()
    ended = "." if mark == "\n" else mark
    yield spoken + ended, PAUSES.get(mark, SENTENCE_PAUSE)


def phonemes(words: str, language: str) -> str:
    """What espeak-ng makes of words, in Kokoro's symbols. Raises Unavailable, Unsupported."""
    if language not in DIALECTS:
        raise Unsupported("no such language")
    if not any(mark.isalnum() for mark in words):
        return ""
    command = [ESPEAK, "-q", "--ipa", "--tie=^", "-v", DIALECTS[language], "--stdin"]
    try:
        found = subprocess.run(  # noqa: S603 - a fixed program; the words go in as input
            command, input=words.encode(), capture_output=True, timeout=ESPEAK_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable(f"{ESPEAK}: {type(error).__name__}") from error
    spoken = " ".join(found.stdout.decode("utf-8", "replace").split())
    # Words of another language are marked by its name.
    spoken = re.sub(r"\([a-z-]+\)", "", spoken)
    for tied, one in TIED.items():
        spoken = spoken.replace(tied, one)
    return spoken.replace("^", "").strip()
