"""The extension points, and nothing else.

All hooks are called once, at start-up, and return classes or values; per-message work is an awaited
method of the objects made from them. docs/reference/hooks.md has a page for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    import click

    from agente_hotelero.components import (
        ChannelKind,
        Handler,
        Job,
        Mount,
        NlpEngine,
        PersonalData,
        PluginSchema,
        Synthesizer,
        Templates,
        Transcriber,
    )
    from agente_hotelero.events import Subscription
    from agente_hotelero.pms import PmsAdapter
    from agente_hotelero.proactive import JourneySource

NAMESPACE = "agente_hotelero"
ENTRY_POINT_GROUP = "agente_hotelero.plugins"

hookspec = pluggy.HookspecMarker(NAMESPACE)
hookimpl = pluggy.HookimplMarker(NAMESPACE)


@hookspec
def register_channels() -> Sequence[ChannelKind]:  # type: ignore[empty-body]
    """Ways to reach a guest: an `Ingress` class and a `Channel` class each."""


@hookspec
def register_pms_adapters() -> Sequence[type[PmsAdapter[Any]]]:  # type: ignore[empty-body]
    """Property management systems."""


@hookspec
def register_nlp_engines() -> Sequence[type[NlpEngine[Any]]]:  # type: ignore[empty-body]
    """Engines that read a guest's words."""


@hookspec
def register_transcribers() -> Sequence[type[Transcriber[Any]]]:  # type: ignore[empty-body]
    """Engines that turn speech into text."""


@hookspec
def register_synthesizers() -> Sequence[type[Synthesizer[Any]]]:  # type: ignore[empty-body]
    """Engines that turn text into speech."""


@hookspec
def register_handlers() -> Sequence[type[Handler[Any]]]:  # type: ignore[empty-body]
    """Deciders, each owning intents; two owners of one intent stop start-up."""


@hookspec
def register_templates() -> Templates:  # type: ignore[empty-body]
    """A folder of ``<language>/<name>.j2`` response templates."""


@hookspec
def register_jobs() -> Sequence[Job]:  # type: ignore[empty-body]
    """Periodic work, run once per cluster."""


@hookspec
def register_subscriptions() -> Sequence[Subscription[Any]]:  # type: ignore[empty-body]
    """Functions that want to hear of events."""


@hookspec
def register_journeys() -> Sequence[type[JourneySource[Any]]]:  # type: ignore[empty-body]
    """Messages that guests get unasked."""


@hookspec
def register_router() -> Mount:  # type: ignore[empty-body]
    """An `APIRouter` and where to mount it."""


@hookspec
def register_commands() -> click.Command:  # type: ignore[empty-body]
    """A command or group for the `hotelero` command line."""


@hookspec
def register_schema() -> PluginSchema:  # type: ignore[empty-body]
    """SQLModel metadata and Alembic history of the plugin's own tables."""


@hookspec
def register_personal_data() -> PersonalData:  # type: ignore[empty-body]
    """How to export and erase one guest."""
