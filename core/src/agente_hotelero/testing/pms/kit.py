"""The kit itself: the groups together, and the author's three fixtures."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

import httpx
import pytest

from agente_hotelero.testing import grades
from agente_hotelero.testing.pms.capabilities import Capabilities
from agente_hotelero.testing.pms.contract import Contract
from agente_hotelero.testing.pms.facts import NOT_HERE, KnownHotel
from agente_hotelero.testing.pms.faults import Fault
from agente_hotelero.testing.pms.hygiene import Hygiene
from agente_hotelero.testing.pms.safety import Cancelled, Concurrent, Idempotent
from agente_hotelero.testing.pms.trouble import Troubled
from agente_hotelero.testing.pms.visit import Bench, MakeAdapter


class PmsAdapterTests(Contract, Capabilities, Idempotent, Concurrent, Cancelled, Troubled, Hygiene):
    """Inherit, and give `make_adapter`, `http` and `hotel`. Each test gets them anew.

    `faults`: what an adapter without `http` can be made to meet, by ``make_adapter(services,
    fault=…)``; one that talks over the lent client meets them all.
    """

    faults: ClassVar[Collection[Fault]] = ()

    @pytest.fixture
    def make_adapter(self) -> MakeAdapter:
        """From `Services` to an adapter that is not open yet."""
        raise NotImplementedError("say how your adapter is made")

    @pytest.fixture
    def http(self) -> httpx.AsyncBaseTransport | None:
        """The way to the backend: ``httpx.ASGITransport(app)``, or a live one; None in-process."""
        return None

    @pytest.fixture
    def hotel(self) -> KnownHotel:
        """Facts that the backend holds."""
        raise NotImplementedError("say what your backend holds")

    @pytest.fixture
    def bench(
        self, make_adapter: MakeAdapter, http: httpx.AsyncBaseTransport | None, hotel: KnownHotel
    ) -> Bench:
        kind = type(self)
        return Bench(
            make=make_adapter,
            http=http,
            hotel=hotel,
            kit=f"{kind.__module__}.{kind.__qualname__}",
            faults=frozenset(self.faults),
        )

    @pytest.fixture(autouse=True)
    def _graded(self, request: pytest.FixtureRequest) -> None:
        """Let the grade be reckoned, without a line in anybody's conftest."""
        manager = request.config.pluginmanager
        if not manager.has_plugin(grades.__name__):
            manager.register(grades, grades.__name__)
        grades.mark(request.node)
        callspec = getattr(request.node, "callspec", None)
        fault = callspec.params.get("fault") if callspec else None
        if fault is not None and self._meets_no(fault):
            pytest.skip(f"{NOT_HERE}it cannot meet the fault {fault}")

    def _meets_no(self, fault: Fault) -> bool:
        in_process = type(self).http is PmsAdapterTests.http
        return in_process and fault not in self.faults
