"""QloApps as the PMS of a hotel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agente_hotelero import Mount, PmsAdapter, hookimpl


@hookimpl
def register_pms_adapters() -> Sequence[type[PmsAdapter[Any]]]:
    from agente_hotelero_pms_qloapps.adapter import QloAppsPms

    return [QloAppsPms]


@hookimpl
def register_router() -> Mount:
    from agente_hotelero_pms_qloapps.images import make_router

    return Mount(make=make_router)
