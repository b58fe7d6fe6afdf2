"""Understands Spanish, Portuguese and English on the CPU: no service, no download."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from agente_hotelero import NlpEngine, hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def register_nlp_engines() -> Sequence[type[NlpEngine[Any]]]:
    from agente_hotelero_nlp_local.engine import LocalNlp

    return [LocalNlp]


@hookimpl
def register_commands() -> click.Command:
    from agente_hotelero_nlp_local.commands import nlu

    return nlu
