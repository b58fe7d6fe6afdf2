"""Acme as a PMS of Agente Hotelero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from agente_hotelero import hookimpl

if TYPE_CHECKING:
    from agente_hotelero.pms import PmsAdapter


@hookimpl
def register_pms_adapters() -> Sequence[type[PmsAdapter[Any]]]:
    from agente_hotelero_pms_acme.adapter import AcmePms

    return [AcmePms]
