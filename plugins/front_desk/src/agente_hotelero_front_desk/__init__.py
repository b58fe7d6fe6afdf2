"""The front desk: what the agent says and does for guests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agente_hotelero import Handler, Templates, hookimpl


@hookimpl
def register_handlers() -> Sequence[type[Handler[Any]]]:
    from agente_hotelero_front_desk.booking import Booking
    from agente_hotelero_front_desk.house import House
    from agente_hotelero_front_desk.meaning import Meaning
    from agente_hotelero_front_desk.person import Person
    from agente_hotelero_front_desk.reservations import Reservations
    from agente_hotelero_front_desk.talk import Talk
    from agente_hotelero_front_desk.unasked import Arrivals, Opinions

    return [Arrivals, Booking, House, Meaning, Opinions, Person, Reservations, Talk]


@hookimpl
def register_templates() -> Templates:
    return Templates(package="agente_hotelero_front_desk")
