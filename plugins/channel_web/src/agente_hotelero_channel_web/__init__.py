"""A chat page in the browser: to try the agent, or for a hotel's own site."""

from __future__ import annotations

from collections.abc import Sequence

from agente_hotelero import ChannelKind, Mount, PluginSchema, hookimpl

from agente_hotelero_channel_web.channel import WebChannel, WebIngress
from agente_hotelero_channel_web.pages import make_router
from agente_hotelero_channel_web.tables import METADATA


@hookimpl
def register_channels() -> Sequence[ChannelKind]:
    return [ChannelKind(ingress=WebIngress, channel=WebChannel)]


@hookimpl
def register_router() -> Mount:
    return Mount(make=make_router, prefix="")


@hookimpl
def register_schema() -> PluginSchema:
    return PluginSchema(
        metadata=METADATA, migrations="agente_hotelero_channel_web.migrations", prefix="channel_web"
    )
