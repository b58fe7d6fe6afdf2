from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from agente_hotelero import Services, audio
from agente_hotelero.errors import AuthFailed, Rejected, Throttled, Unavailable
from agente_hotelero.speech import ListenRequest, Pcm, SpeakRequest
from agente_hotelero_stt_tts import remote
from agente_hotelero_stt_tts.config import SttTtsConfig
from agente_hotelero_stt_tts.listening import Listener
from agente_hotelero_stt_tts.speaking import Speaker

from plugins.stt_tts.tests.stand_in import KEY, SENTENCE, Seen, serving

pytestmark = pytest.mark.anyio
NOTE = (Path(__file__).parent / "notes" / "es.ogg").read_bytes()
PCM = Pcm(samples=audio.decode(NOTE))
ASKED = ListenRequest(
    pcm=PCM,
    languages=("es", "pt", "en"),
    hints=("Hotel Sol", "Suite"),
    body=NOTE,
    mime_type="audio/ogg; codecs=opus",
)


def config(url: str, **more: Any) -> SttTtsConfig:
    given = {"listen": "openai", "speak": "openai", "listen_url": url, "speak_url": url}
    return SttTtsConfig.model_validate({**given, **more})


async def test_the_file_goes_there_as_the_guest_sent_it_with_names_that_may_occur(
    services: Services,
) -> None:
    seen = Seen(key=KEY)
    with serving(seen) as url:
        async with Listener(config(url, api_key=KEY, listen_model="big"), services) as engine:
            found = await engine.transcribe(ASKED)
    assert (found.text, found.language, found.status) == (SENTENCE, "es", "ok")
    assert found.model == "big"
    (asked,) = seen.asked
    assert (asked["body"], asked["name"]) == (NOTE, "note.ogg")
    assert (asked["prompt"], asked["format"]) == ("Hotel Sol, Suite", "verbose_json")


async def test_without_a_file_the_samples_are_sent(services: Services) -> None:
    seen = Seen()
    with serving(seen) as url:
        async with Listener(config(url), services) as engine:
            await engine.transcribe(ListenRequest(pcm=PCM, languages=("es",)))
    (asked,) = seen.asked
    assert asked["name"] == "note.wav"
    assert asked["language"] == "es"


@pytest.mark.parametrize(
    ("statuses", "error"),
    [
        ([401], AuthFailed),
        ([429], Throttled),
        ([400], Rejected),
        ([503, 503], Unavailable),
        ([204, 204], Unavailable),
    ],
)
async def test_refusals_of_an_endpoint_are_our_errors(
    services: Services, statuses: list[int], error: type[Exception]
) -> None:
    with serving(Seen(statuses=statuses)) as url:
        async with Listener(config(url), services) as engine:
            with pytest.raises(error):
                await engine.transcribe(ASKED)


@pytest.mark.parametrize(
    ("most", "speaks"), [(remote.MOST_TEXT_BYTES, False), (remote.MOST_BYTES, True)]
)
async def test_an_answer_without_end_is_read_no_further_than_its_limit(
    services: Services, most: int, speaks: bool
) -> None:
    seen = Seen(fills=400)
    with serving(seen) as url:
        async with Listener(config(url), services) as ears, Speaker(config(url), services) as mouth:
            said = SpeakRequest(text="hola", language="es")
            with pytest.raises(Rejected, match="larger"):
                await (mouth.synthesize(said) if speaks else ears.transcribe(ASKED))
    # What is between the two, in buffers, is not read either.
    assert seen.filled < most / 1024 / 1024 + 64


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
async def test_what_is_no_number_is_no_certainty(services: Services, number: str) -> None:
    segments = f'[{{"avg_logprob": -0.1}}, {{"avg_logprob": {number}}}]'
    says = f'{{"text": "sí", "language": "spanish", "segments": {segments}}}'
    with serving(Seen(says=says)) as url:
        found = await remote.transcribe(services.http, config(url), ASKED)
    assert [word.probability for word in found.words] == [0.0]


@pytest.mark.parametrize(
    ("named", "language"),
    [
        ('"french"', "french"),
        ('"fr"', "fr"),
        ('"pt-BR"', "pt"),
        ('"English"', "en"),
        ("null", ""),
    ],
)
async def test_the_language_that_an_endpoint_names_is_passed_on(
    services: Services, named: str, language: str
) -> None:
    says = f'{{"text": "oui", "language": {named}, "segments": []}}'
    with serving(Seen(says=says)) as url:
        found = await remote.transcribe(services.http, config(url), ASKED)
    assert found.language == language


async def test_a_failure_that_passes_is_tried_once_more(services: Services) -> None:
    seen = Seen(statuses=[503])
    with serving(seen) as url:
        async with Listener(config(url), services) as engine:
            assert (await engine.transcribe(ASKED)).text == SENTENCE


async def test_nobody_there_and_no_address_are_unavailable(services: Services) -> None:
    async with Listener(config("http://127.0.0.1:9/v1"), services) as engine:
        with pytest.raises(Unavailable):
            await engine.transcribe(ASKED)
    async with Listener(SttTtsConfig(listen="openai"), services) as engine:
        assert not (await engine.health()).ok
        with pytest.raises(Unavailable, match="listen_url"):
            await engine.transcribe(ASKED)


@pytest.mark.parametrize("statuses", [[500], [204]])
async def test_a_recording_that_does_not_come_is_unavailable(
    services: Services, statuses: list[int]
) -> None:
    with serving(Seen(statuses=statuses)) as url:
        async with Speaker(config(url), services) as engine:
            with pytest.raises(Unavailable):
                await engine.synthesize(SpeakRequest(text="hola", language="es"))


async def test_the_endpoint_is_asked_for_words_with_numbers_already_said(
    services: Services,
) -> None:
    seen = Seen()
    with serving(seen) as url:
        voices = {"es": "nova"}
        async with Speaker(config(url, voices=voices), services) as engine:
            assert engine.voice("es") == "openai:tts-1:nova:1.0"
            pcm = await engine.synthesize(SpeakRequest(text="3 noches", language="es"))
    assert (seen.asked[0]["input"], seen.asked[0]["voice"]) == ("tres noches", "nova")
    assert pcm.rate == 24_000
