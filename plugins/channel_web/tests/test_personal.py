from __future__ import annotations

from dataclasses import replace

from agente_hotelero import PersonalData, PluginSchema, Services
from agente_hotelero.testing.personal import Canary, PersonalDataTests
from agente_hotelero_channel_web import register_personal_data, register_schema
from agente_hotelero_channel_web.tables import add_line


class TestChannelWeb(PersonalDataTests):
    def schema(self) -> PluginSchema:
        return register_schema()

    def personal_data(self) -> PersonalData:
        return register_personal_data()

    def guest(self, canary: Canary) -> Canary:
        """A chat is known by its own number."""
        return replace(canary, address=f"chat-of-{canary.phone}")

    async def leave_traces(self, services: Services, guest: Canary) -> None:
        await add_line(services, guest.address, "in:1", "in", guest.words, {"text": guest.name})
        await add_line(services, guest.address, "out:1", "out", f"Hola {guest.name}", {})
