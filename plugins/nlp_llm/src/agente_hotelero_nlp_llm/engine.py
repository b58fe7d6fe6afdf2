"""The engine: asks the model, and believes what the guest's own words show."""

from __future__ import annotations

from collections.abc import Sequence

from agente_hotelero import Finding, Health, NlpEngine
from agente_hotelero.components import Services
from agente_hotelero.errors import HoteleroError
from agente_hotelero.messages import Understanding, UnderstandRequest

from agente_hotelero_nlp_llm import doctor, prompts, reading
from agente_hotelero_nlp_llm.answers import Answer
from agente_hotelero_nlp_llm.circuit import Circuit
from agente_hotelero_nlp_llm.config import NlpLlmConfig
from agente_hotelero_nlp_llm.endpoint import Endpoint


class LlmNlp(NlpEngine[NlpLlmConfig]):
    """Raises what the endpoint did wrong, so that the next engine is asked.

    A text that the model would not read is rejected, which has the same effect.
    """

    config_class = NlpLlmConfig

    def __init__(self, config: NlpLlmConfig, services: Services) -> None:
        super().__init__(config, services)
        self._endpoint = Endpoint(services.http, config)
        self._circuit = Circuit(failures=config.failures_before_rest, seconds=config.rest_seconds)

    async def understand(self, request: UnderstandRequest) -> Understanding:
        text = request.text[: self.config.max_characters]
        if not text.strip():
            # Nothing was written: an option was tapped, or a picture sent.
            return Understanding(language=reading.known(request), verdict="act")
        with self._circuit.call():
            answer = await self._asked(request, text)
        if answer is None:
            return Understanding(language=reading.known(request))
        return reading.read(answer, request, text, self.config.act_above)

    async def health(self) -> Health:
        left = self._circuit.left
        if left > 0:
            return Health(ok=False, detail=f"the endpoint is left alone for {left:.0f} s more")
        return Health(ok=True)

    async def diagnose(self) -> Sequence[Finding]:
        return await doctor.diagnose(self._endpoint, self.config)

    async def _asked(self, request: UnderstandRequest, text: str) -> Answer | None:
        """The answer; what went wrong is logged here, without a word of the guest or the model."""
        try:
            answer = await self._endpoint.answer(prompts.body(self.config, request, text))
        except HoteleroError as error:
            self.services.log.warning("model_failed", error=type(error).__name__, why=str(error))
            raise
        if answer is None:
            self.services.log.info("model_did_not_read")
        return answer
