"""E-mail as a channel: a Gmail address by app password, or any IMAP and SMTP mailbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from agente_hotelero import (
    ChannelKind,
    Job,
    Mount,
    PersonalData,
    PluginSchema,
    hookimpl,
)

if TYPE_CHECKING:
    from agente_hotelero import Services


@hookimpl
def register_channels() -> Sequence[ChannelKind]:
    from agente_hotelero_channel_gmail.channel import GmailChannel
    from agente_hotelero_channel_gmail.ingress import GmailIngress

    return [ChannelKind(ingress=GmailIngress, channel=GmailChannel)]


@hookimpl
def register_router() -> Mount:
    from agente_hotelero_channel_gmail.pages import make_router

    return Mount(make=make_router)


@hookimpl
def register_schema() -> PluginSchema:
    from agente_hotelero_channel_gmail.tables import METADATA

    return PluginSchema(
        metadata=METADATA,
        migrations="agente_hotelero_channel_gmail.migrations",
        prefix="channel_gmail",
    )


@hookimpl
def register_jobs() -> Sequence[Job]:
    return [Job(name="forget", cron="40 4 * * *", run=_forget)]


@hookimpl
def register_personal_data() -> PersonalData:
    return PersonalData(export=_export, erase=_erase)


async def _forget(services: Services) -> None:
    from agente_hotelero_channel_gmail.records import KEEP_DAYS, forget_before

    await forget_before(services, KEEP_DAYS)


async def _export(services: Services, address: str) -> Mapping[str, object]:
    from agente_hotelero_channel_gmail.records import of_guest

    return await of_guest(services, address)


async def _erase(services: Services, address: str) -> int:
    from agente_hotelero_channel_gmail.records import erase

    return await erase(services, address)
