"""Values of the spoken word: what is heard, what is said, and by which models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

RATE = 16_000
BYTES_PER_SAMPLE = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Pcm:
    """Sound as plain samples: one channel, signed 16 bit, little endian, `rate` a second."""

    samples: bytes = field(repr=False)
    rate: int = RATE

    @property
    def seconds(self) -> float:
        return len(self.samples) / BYTES_PER_SAMPLE / self.rate


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """One word as it stands in the text, and how sure the engine is of it (0 to 1)."""

    text: str
    probability: float


Heard = Literal["ok", "no_speech", "waiting", "failed", "too_long"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Transcript:
    """What was heard in a note of `seconds`.

    The texts of `words`, in order, are found in `text`. Engines answer ``ok`` or ``no_speech``;
    ``waiting`` (its turn comes later), ``failed`` (nobody could listen) and ``too_long`` are the
    core's words.
    """

    status: Heard
    text: str = ""
    language: str = ""
    words: tuple[Word, ...] = ()
    seconds: float = 0.0
    model: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListenRequest:
    """A note to be written down.

    `languages` are the only ones it may be in, `language` the one that the guest has used so far;
    `hints` are names that may occur in it (of the hotel, of its rooms). `body` is the file it came
    in, of `mime_type`. `within` is in seconds.
    """

    pcm: Pcm
    languages: Sequence[str]
    language: str | None = None
    hints: Sequence[str] = ()
    body: bytes = field(default=b"", repr=False)
    mime_type: str = ""
    within: float = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class SpeakRequest:
    """Words to be said, as they would be written to the guest. `within` is in seconds."""

    text: str
    language: str
    within: float = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class SpeechModel:
    """A model that an engine can use, for operators.

    `missing` says what to do to have it; empty where it is installed. `size_mb` is on disk.
    """

    name: str
    purpose: Literal["listen", "speak"]
    licence: str
    languages: tuple[str, ...]
    size_mb: int
    source: str
    missing: str = ""
