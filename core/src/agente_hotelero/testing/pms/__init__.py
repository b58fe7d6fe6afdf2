"""What every PMS adapter must do, as tests to be inherited; needs pytest and nothing else.

::

    class TestAcme(PmsAdapterTests):
        @pytest.fixture
        def http(self) -> httpx.AsyncBaseTransport:
            return httpx.ASGITransport(make_app())  # a stand-in for Acme's server, or a live one

        @pytest.fixture
        def make_adapter(self) -> MakeAdapter:
            return lambda services: AcmePms(AcmeConfig(api_key="canary"), services)

        @pytest.fixture
        def hotel(self) -> KnownHotel:
            return KnownHotel(property_id="1", currency="EUR", free=OfferQuery(...), ...)

docs/reference/testing.md has the groups, the facts and the grades.
"""

import pytest

pytest.register_assert_rewrite(
    *(
        f"{__name__}.{module}"
        for module in ("contract", "capabilities", "safety", "trouble", "hygiene", "visit")
    )
)

from agente_hotelero.testing.pms.facts import KnownHotel  # noqa: E402
from agente_hotelero.testing.pms.faults import Fault, FaultTransport  # noqa: E402
from agente_hotelero.testing.pms.kit import PmsAdapterTests  # noqa: E402
from agente_hotelero.testing.pms.visit import MakeAdapter  # noqa: E402

__all__ = ["Fault", "FaultTransport", "KnownHotel", "MakeAdapter", "PmsAdapterTests"]
