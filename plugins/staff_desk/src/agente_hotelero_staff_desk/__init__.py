"""The page where hotel staff read, answer and take over conversations."""

from __future__ import annotations

from agente_hotelero import Mount, hookimpl


@hookimpl
def register_router() -> Mount:
    from agente_hotelero_staff_desk.pages import DeskConfig, make_router

    return Mount(make=make_router, prefix="/desk", config_class=DeskConfig)
