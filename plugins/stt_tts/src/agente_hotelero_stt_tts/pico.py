"""SVOX Pico (Apache-2.0), eight megabytes for Spanish and English. Runs in a worker."""

from __future__ import annotations

import re
from pathlib import Path

from agente_hotelero.errors import Unavailable, Unsupported
from agente_hotelero.workers import Head, Work

from agente_hotelero_stt_tts import models

RATE = 16_000
VOICES = {"es": "es-ES", "en": "en-US"}
# With words of several hundred letters it never ends.
LONG_WORD = re.compile(r"(\S{60})")
KNOWN = frozenset({"es-ES", "en-US", "en-GB"})


def work() -> Work:
    """For the process."""
    try:
        from py_nanotts import NanoTTS
    except ImportError:
        raise Unavailable(
            'Pico is not installed: pip install "agente-hotelero-stt-tts[pico]"'
        ) from None
    models.PICO.demand(models.PICO.folder(Path()))
    pico = NanoTTS()

    def do(head: Head, body: bytes) -> tuple[Head, bytes]:
        if head["voice"] not in KNOWN:
            raise Unsupported("no such voice")
        # In its markup, & and < would begin something.
        text = head["text"].replace("&", " ").replace("<", " ").replace(">", " ")
        text = LONG_WORD.sub(r"\1 ", text)
        said = pico.speak(text, voice=head["voice"], speed=float(head["speed"]))
        return {"rate": RATE}, bytes(said)

    return do
