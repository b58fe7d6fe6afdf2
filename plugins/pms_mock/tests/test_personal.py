from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from agente_hotelero import PersonalData, PluginSchema, Services
from agente_hotelero.stays import Guest, Occupancy, OfferQuery, ReservationDraft, Stay
from agente_hotelero.testing.personal import ANA, Canary, PersonalDataTests, Scene
from agente_hotelero_pms_mock import register_personal_data, register_schema
from agente_hotelero_pms_mock.adapter import MockPms
from agente_hotelero_pms_mock.config import MockConfig
from agente_hotelero_pms_mock.personal import export


async def book(services: Services, guest: Canary) -> None:
    """Through the adapter, as the agent does."""
    pms = MockPms(MockConfig(), services)
    stay = Stay(arrival=date(2026, 12, 1), departure=date(2026, 12, 3))
    query = OfferQuery(property_id="1", stay=stay, occupancies=(Occupancy(adults=2),))
    offer = (await pms.search_offers(query))[0]
    person = Guest(name=guest.name, email=guest.email, phone=guest.phone)
    draft = ReservationDraft(offer=offer, guest=person, external_ref=f"REF-{guest.name[:3]}")
    await pms.create_reservation(draft, f"key-{guest.name[:3]}")


class TestPmsMock(PersonalDataTests):
    def schema(self) -> PluginSchema:
        return register_schema()

    def personal_data(self) -> PersonalData:
        return register_personal_data()

    async def leave_traces(self, services: Services, guest: Canary) -> None:
        await book(services, guest)


@pytest.mark.parametrize("address", ["CANARIA.quetzal@canary.example", "+54 11 7077-1077"])
def test_a_guest_is_known_in_every_spelling(address: str, tmp_path: Path) -> None:
    async def work(scene: Scene) -> None:
        found = await export(scene.services, address)
        assert found == await export(scene.services, ANA.email)
        assert found != {}

    TestPmsMock().run(tmp_path, work)
