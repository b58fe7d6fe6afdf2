"""A chat page in the browser: to try the agent, or for a hotel's own site."""

from __future__ import annotations

from collections.abc import Sequence

from agente_hotelero import ChannelKind, Mount, PersonalData, PluginSchema, hookimpl


@hookimpl
def register_channels() -> Sequence[ChannelKind]:
    from agente_hotelero_channel_web.channel import WebChannel, WebIngress

    return [ChannelKind(ingress=WebIngress, channel=WebChannel)]


@hookimpl
def register_router() -> Mount:
    from agente_hotelero_channel_web.pages import make_router

    return Mount(make=make_router, prefix="")


@hookimpl
def register_schema() -> PluginSchema:
    from agente_hotelero_channel_web.tables import METADATA

    return PluginSchema(
        metadata=METADATA, migrations="agente_hotelero_channel_web.migrations", prefix="channel_web"
    )


@hookimpl
def register_personal_data() -> PersonalData:
    from agente_hotelero_channel_web.tables import erase, export

    return PersonalData(export=export, erase=erase)
