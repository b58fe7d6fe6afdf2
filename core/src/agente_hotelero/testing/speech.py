"""What every engine that listens or speaks must do, as tests to be inherited.

::

    class TestAcme(TranscriberTests):
        def make_transcriber(self) -> AcmeListener:
            return AcmeListener(AcmeConfig(), lend())

        def note(self) -> tuple[bytes, str, str]:
            return Path("hola.ogg").read_bytes(), "es", "hola"

Needs pytest and the extra `audio`. Shown is good behaviour at the seam; how much is understood each
engine measures on notes of its own.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import pytest

from agente_hotelero import audio
from agente_hotelero.components import Synthesizer, Transcriber
from agente_hotelero.errors import Unsupported
from agente_hotelero.matching import folded
from agente_hotelero.speech import (
    BYTES_PER_SAMPLE,
    RATE,
    ListenRequest,
    Pcm,
    SpeakRequest,
    SpeechModel,
    Transcript,
)

LANGUAGES = ("es", "pt", "en")
SECONDS_EACH = 120.0
ODD_TEXTS = {
    "only marks": "… — !",
    "pictures": "🏖️👍",
    "markup": "<speak>hola & adiós</speak>",
    "control characters": "hola\x00\x1b[31m",
    "a long word": "a" * 400,
}
T = TypeVar("T")


class _Kit:
    def within(self, work: Callable[[], Awaitable[T]]) -> T:
        """The result of a coroutine, which must come at all."""

        async def timed() -> T:
            async with asyncio.timeout(SECONDS_EACH):
                return await work()

        return asyncio.run(timed())


class TranscriberTests(_Kit):
    """Inherit, and say how your engine is made, and what it can hear."""

    def make_transcriber(self) -> Transcriber[Any]:
        """A new engine, not yet open."""
        raise NotImplementedError("say how your engine is made")

    def note(self) -> tuple[bytes, str, str]:
        """A file with speech, its language, and a word that is said in it."""
        raise NotImplementedError("say what it can hear")

    def heard(self, *requests: ListenRequest) -> list[Transcript]:
        """What the engine makes of them, opened and closed as the core does it."""

        async def work() -> list[Transcript]:
            async with self.make_transcriber() as engine:
                return [await engine.transcribe(request) for request in requests]

        return self.within(work)

    def request(self, *, languages: Sequence[str] = LANGUAGES) -> ListenRequest:
        body, _, _ = self.note()
        pcm = Pcm(samples=audio.decode(body))
        return ListenRequest(pcm=pcm, languages=languages, body=body, mime_type=audio.NOTE_MIME)

    def test_speech_is_written_down(self) -> None:
        _, language, word = self.note()
        (found,) = self.heard(self.request())
        assert (found.status, found.language) == ("ok", language)
        assert folded(word) in folded(found.text)

    def test_words_stand_in_the_text_and_say_how_sure_they_are(self) -> None:
        (found,) = self.heard(self.request())
        place = 0
        assert found.words
        for word in found.words:
            place = found.text.index(word.text, place) + len(word.text)
            assert 0 <= word.probability <= 1

    def test_only_a_language_of_the_request_is_told(self) -> None:
        for language in LANGUAGES:
            (found,) = self.heard(self.request(languages=(language,)))
            assert found.language in (language, "")

    def test_silence_has_no_words(self) -> None:
        self._nothing(silence(3))

    def test_noise_has_no_words(self) -> None:
        self._nothing(noise(3))

    def test_hints_are_no_words_that_were_said(self) -> None:
        asked = ListenRequest(pcm=silence(2), languages=LANGUAGES, hints=("Hotel Sol", "Suite"))
        (found,) = self.heard(asked)
        assert (found.status, found.text) == ("no_speech", "")

    def test_a_moment_of_sound_is_no_error(self) -> None:
        (found,) = self.heard(ListenRequest(pcm=silence(0.01), languages=LANGUAGES))
        assert found.status == "no_speech"

    def test_requests_at_once_do_not_mix(self) -> None:
        async def work() -> list[Transcript]:
            speech, nothing = self.request(), ListenRequest(pcm=silence(1), languages=LANGUAGES)
            async with self.make_transcriber() as engine:
                # A failure of the one ends the other before the engine is closed.
                async with asyncio.TaskGroup() as both:
                    asked = [both.create_task(engine.transcribe(one)) for one in (speech, nothing)]
                return [one.result() for one in asked]

        first, second = self.within(work)
        assert (first.status, second.status) == ("ok", "no_speech")

    def test_models_are_declared_with_their_licence(self) -> None:
        assert_declared(self.make_transcriber().models())

    def _nothing(self, pcm: Pcm) -> None:
        (found,) = self.heard(ListenRequest(pcm=pcm, languages=LANGUAGES))
        assert (found.status, found.text, found.words) == ("no_speech", "", ())


class SynthesizerTests(_Kit):
    """Inherit, and say how your engine is made, and which languages it speaks."""

    languages: Sequence[str] = LANGUAGES

    def make_synthesizer(self) -> Synthesizer[Any]:
        """A new engine, not yet open."""
        raise NotImplementedError("say how your engine is made")

    def said(self, *requests: SpeakRequest) -> list[Pcm]:
        """What the engine says, opened and closed as the core does it."""

        async def work() -> list[Pcm]:
            async with self.make_synthesizer() as engine:
                return [await engine.synthesize(request) for request in requests]

        return self.within(work)

    def test_each_language_has_a_voice_and_is_spoken(self) -> None:
        engine = self.make_synthesizer()
        assert all(engine.voice(language) for language in self.languages)
        text = "Hotel Sol, 3."
        for pcm in self.said(*(SpeakRequest(text=text, language=one) for one in self.languages)):
            assert 0.3 < pcm.seconds < 20
            assert loudest(pcm) > 1000

    def test_more_words_take_longer(self) -> None:
        language = self.languages[0]
        short, long = self.said(
            SpeakRequest(text="Hola.", language=language),
            SpeakRequest(text="Hola. " * 8, language=language),
        )
        assert long.seconds > 2 * short.seconds

    def test_a_language_it_does_not_speak_is_refused(self) -> None:
        assert self.make_synthesizer().voice("xx") is None
        with pytest.raises(Unsupported):
            self.said(SpeakRequest(text="hola", language="xx"))

    @pytest.mark.parametrize("kind", ODD_TEXTS)
    def test_any_text_is_spoken_or_refused(self, kind: str) -> None:
        request = SpeakRequest(text=ODD_TEXTS[kind], language=self.languages[0])
        try:
            (pcm,) = self.said(request)
        except Unsupported:
            return
        assert len(pcm.samples) % BYTES_PER_SAMPLE == 0

    def test_what_is_said_fits_into_a_note(self) -> None:
        (pcm,) = self.said(SpeakRequest(text="Hola, buenas tardes.", language=self.languages[0]))
        note = audio.encode(pcm.samples, pcm.rate)
        assert abs(len(audio.decode(note)) / RATE / BYTES_PER_SAMPLE - pcm.seconds) < 0.1

    def test_models_are_declared_with_their_licence(self) -> None:
        assert_declared(self.make_synthesizer().models())


def silence(seconds: float) -> Pcm:
    return Pcm(samples=bytes(int(RATE * seconds) * BYTES_PER_SAMPLE))


def noise(seconds: float) -> Pcm:
    """As loud as speech, without any."""
    made = random.Random(7)  # noqa: S311 - sound, not a secret
    samples = (made.randint(-3000, 3000) for _ in range(int(RATE * seconds)))
    return Pcm(samples=b"".join(one.to_bytes(2, "little", signed=True) for one in samples))


def loudest(pcm: Pcm) -> int:
    pairs = range(0, len(pcm.samples), BYTES_PER_SAMPLE)
    return max(
        (abs(int.from_bytes(pcm.samples[n : n + 2], "little", signed=True)) for n in pairs),
        default=0,
    )


def assert_declared(models: Sequence[SpeechModel]) -> None:
    for model in models:
        assert model.name
        assert model.licence
        assert model.source
        assert model.languages
        assert model.size_mb > 0
