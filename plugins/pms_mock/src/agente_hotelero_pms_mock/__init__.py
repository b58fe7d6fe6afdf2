"""A PMS that behaves like a real one: stock, seasons, taxes, terms, races and injected faults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agente_hotelero import Mount, PersonalData, PluginSchema, PmsAdapter, hookimpl


@hookimpl
def register_pms_adapters() -> Sequence[type[PmsAdapter[Any]]]:
    from agente_hotelero_pms_mock.adapter import MockPms

    return [MockPms]


@hookimpl
def register_schema() -> PluginSchema:
    from agente_hotelero_pms_mock.tables import METADATA

    return PluginSchema(
        metadata=METADATA, migrations="agente_hotelero_pms_mock.migrations", prefix="pms_mock"
    )


@hookimpl
def register_router() -> Mount:
    from agente_hotelero_pms_mock.images import make_router

    return Mount(make=make_router)


@hookimpl
def register_personal_data() -> PersonalData:
    from agente_hotelero_pms_mock.personal import erase, export

    return PersonalData(export=export, erase=erase)
