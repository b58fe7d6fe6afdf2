"""Faults that tests inject; one `Faults` per process, lent as ``pms_mock.faults``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from agente_hotelero.errors import OutcomeUnknown, SoldOut, Throttled, Unavailable

SHARED = "pms_mock.faults"
DEARER = Decimal("1.1")
HANG_SECONDS = 3600


class Fault(StrEnum):
    """What goes wrong. UNKNOWN_AFTER strikes when the work is done, all others before it.

    PRICE_CHANGED raises every price of the tenant by a tenth from then on.
    """

    UNAVAILABLE = "unavailable"
    THROTTLED = "throttled"
    HANG = "hang"
    BUG = "bug"
    SOLD_OUT = "sold_out"
    PRICE_CHANGED = "price_changed"
    UNKNOWN_BEFORE = "unknown_before"
    UNKNOWN_AFTER = "unknown_after"


@dataclass(kw_only=True)
class _Waiting:
    operation: str
    fault: Fault | Exception
    times: int
    tenant: str | None


@dataclass
class Faults:
    """Faults waiting for an operation; each strikes `times` times, in the order of injection."""

    latency_ms: int = 0
    _waiting: list[_Waiting] = field(default_factory=list)
    _factors: dict[str, Decimal] = field(default_factory=dict)

    def inject(
        self,
        operation: str,
        fault: Fault | Exception,
        times: int = 1,
        tenant: str | None = None,
    ) -> None:
        """Let the next calls of `operation` fail, by any tenant unless one is named.

        An exception is raised as it stands, such as ``Throttled(retry_after=7)``.
        """
        self._waiting.append(_Waiting(operation=operation, fault=fault, times=times, tenant=tenant))

    def clear(self) -> None:
        """Forget everything that was injected."""
        self.latency_ms = 0
        self._waiting.clear()
        self._factors.clear()

    def price_factor(self, tenant: str) -> Decimal:
        return self._factors.get(tenant, Decimal(1))

    @asynccontextmanager
    async def around(self, tenant: str, operation: str) -> AsyncIterator[None]:
        """Strike before or after the work in the block, if a fault waits for it."""
        await asyncio.sleep(self.latency_ms / 1000)
        fault = self._take(tenant, operation)
        if fault is Fault.PRICE_CHANGED:
            self._factors[tenant] = self.price_factor(tenant) * DEARER
        elif fault not in (None, Fault.UNKNOWN_AFTER):
            await _strike(fault)
        yield
        if fault is Fault.UNKNOWN_AFTER:
            await _strike(fault)

    def _take(self, tenant: str, operation: str) -> Fault | Exception | None:
        for waiting in self._waiting:
            if waiting.operation == operation and waiting.tenant in (None, tenant):
                waiting.times -= 1
                if waiting.times <= 0:
                    self._waiting.remove(waiting)
                return waiting.fault
        return None


async def _strike(fault: Fault | Exception | None) -> None:
    match fault:
        case Exception():
            raise fault
        case Fault.UNAVAILABLE:
            raise Unavailable("injected")
        case Fault.THROTTLED:
            raise Throttled("injected", retry_after=1.0)
        case Fault.SOLD_OUT:
            raise SoldOut("injected")
        case Fault.BUG:
            raise KeyError("injected")
        case Fault.HANG:
            await asyncio.sleep(HANG_SECONDS)
        case Fault.UNKNOWN_BEFORE | Fault.UNKNOWN_AFTER:
            raise OutcomeUnknown("injected")
