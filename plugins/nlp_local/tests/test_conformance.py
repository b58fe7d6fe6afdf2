from __future__ import annotations

from agente_hotelero.testing import lend
from agente_hotelero.testing.nlp import NlpEngineTests
from agente_hotelero_nlp_local.engine import LocalNlp, NlpLocalConfig


class TestLocalNlp(NlpEngineTests):
    def make_engine(self) -> LocalNlp:
        return LocalNlp(NlpLocalConfig(), lend())
