"""Voice notes written down and spoken: local models by default, or OpenAI-compatible endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from agente_hotelero import Synthesizer, Transcriber, hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def register_transcribers() -> Sequence[type[Transcriber[Any]]]:
    from agente_hotelero_stt_tts.listening import Listener

    return [Listener]


@hookimpl
def register_synthesizers() -> Sequence[type[Synthesizer[Any]]]:
    from agente_hotelero_stt_tts.speaking import Speaker

    return [Speaker]


@hookimpl
def register_commands() -> click.Command:
    from agente_hotelero_stt_tts.commands import voice

    return voice
