"""A guest speaks: the turn listens, asks what is not sure, and may answer aloud."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from typing import Any

import pytest
import structlog
from agente_hotelero import audio
from agente_hotelero._db import heard, repository
from agente_hotelero._db.models import Message, Mode
from agente_hotelero._db.voice_models import recording_
from agente_hotelero._runtime import templates
from agente_hotelero._runtime.desk import _line as desk_line
from agente_hotelero._runtime.guard import Guard
from agente_hotelero._runtime.listening import Ears
from agente_hotelero._runtime.live import Live
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.scrub import LONGEST_TEXT
from agente_hotelero._runtime.speaking import Mouth, recording_key
from agente_hotelero._runtime.templates import Renderer
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.audio import Sounds
from agente_hotelero.components import PluginConfig, Synthesizer, Templates, Transcriber
from agente_hotelero.config import Settings, VoiceSettings
from agente_hotelero.errors import Throttled, Unavailable
from agente_hotelero.messages import Entity, Intent, Understanding, UnderstandRequest
from agente_hotelero.speech import ListenRequest, Pcm, SpeakRequest, Transcript, Word
from agente_hotelero.stays import RoomType
from agente_hotelero.testing import lend
from agente_hotelero.testing.lent import MemoryStore
from sqlalchemy import select

from core.tests.desks import WORDS, Desk
from core.tests.fakes import FakeChannel
from core.tests.sounds import tone

pytestmark = pytest.mark.anyio
PARDON = "Sorry, I could not hear your voice note. Could you say it again, or write it?"
MOMENT = "One moment, please: I am listening to your voice note and will answer shortly."
NOTE = audio.encode(tone(1.0), audio.NOTE_RATE)


class FakeListener(Transcriber[PluginConfig]):
    """Hears what it is told to, in order; an error is raised."""

    def __init__(self) -> None:
        super().__init__(PluginConfig(), lend())
        self.hears: list[Transcript | Exception] = []
        self.asked: list[ListenRequest] = []

    async def transcribe(self, request: ListenRequest) -> Transcript:
        self.asked.append(request)
        found = self.hears.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


class FakeSpeaker(Synthesizer[PluginConfig]):
    """Says everything as one tone."""

    def __init__(self) -> None:
        super().__init__(PluginConfig(), lend())
        self.said: list[str] = []
        self.fails = False

    def voice(self, language: str) -> str | None:
        return "fake:tone" if language == "en" else None

    async def synthesize(self, request: SpeakRequest) -> Pcm:
        if self.fails:
            raise Unavailable("no breath")
        self.said.append(request.text)
        return Pcm(samples=tone(0.5))


AGREES = {"yes": "affirm", "no": "deny"}


class SpottingNlp:
    """Words are intents, but for a yes and a no, which have their places in the text."""

    async def understand(self, request: UnderstandRequest) -> Understanding:
        words = request.text.split()
        intents = tuple(Intent(name=AGREES.get(word, word), confidence=1.0) for word in words)
        entities = tuple(
            Entity(
                type="yes_no",
                text=word,
                span=(request.text.index(word), request.text.index(word) + len(word)),
                value=word == "yes",
            )
            for word in words
            if word in AGREES
        )
        return Understanding(language="en", intents=intents, entities=entities, verdict="act")


@dataclass(kw_only=True)
class Rooms:
    """Of a PMS, what its rooms are called."""

    plugin = "fake"

    error: Exception | None = None
    asked: list[str] = field(default_factory=list)

    async def room_types(self, locale: str) -> list[RoomType]:
        self.asked.append(locale)
        if self.error is not None:
            raise self.error
        return [RoomType(id="1", name="Suite Pampa", max_adults=2, max_guests=2)]


@dataclass(kw_only=True)
class Hotel:
    """A desk with ears and a mouth."""

    desk: Desk
    store: MemoryStore
    listener: FakeListener
    speaker: FakeSpeaker
    later: list[tuple[int, float, str]] = field(default_factory=list)

    @property
    def tenant(self) -> Tenant:
        return self.desk.turns.tenants["sol"]

    def voice(self, **settings: Any) -> None:
        """With these settings of `[tenants.sol.voice]`."""
        kept = {"voice": VoiceSettings(**settings)}
        self.tenant.settings = self.tenant.settings.model_copy(update=kept)

    async def speak(self, key: str, *heard: Transcript | Exception, body: bytes = NOTE) -> str:
        """One note, one turn; what would be sent."""
        self.listener.hears += heard
        name = f"sol/{key}.ogg"
        await self.store.put(name, body)
        media = {"id": key, "mime_type": "audio/ogg", "voice": True, "kind": "audio"}
        return await self.desk.say("", key, media={**media, "stored": name})

    async def lines(self) -> list[Message]:
        async with self.desk.database.sessions() as session:
            return list((await session.scalars(select(Message).order_by(Message.id))).all())  # type: ignore[arg-type]

    async def sent(self) -> list[dict[str, Any]]:
        return [dict((await self.desk.row(one)).content) for one in self.desk.queue.sends]


def said(text: str, sure: float = 0.9, **unsure: float) -> Transcript:
    words = tuple(Word(text=one, probability=unsure.get(one, sure)) for one in text.split())
    return Transcript(status="ok", text=text, language="en", words=words, seconds=1.0)


@pytest.fixture
async def hotel(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hotel]:
    monkeypatch.setattr(FakeChannel, "voice_notes", True)
    store, sounds, listener, speaker = MemoryStore(), Sounds(), FakeListener(), FakeSpeaker()
    log, wall = structlog.get_logger(), _wall()
    made = Hotel(desk=desk, store=store, listener=listener, speaker=speaker)
    tenant, turns = made.tenant, desk.turns
    nlp: Any = SpottingNlp()
    tenant.nlp[:] = [(nlp, wall)]
    tenant.transcriber, tenant.synthesizer = (listener, wall), (speaker, wall)
    words = templates.collect([("core", Templates(package="agente_hotelero", folder="words"))])
    settings = Settings(tenants={"sol": tenant.settings})
    turns.live = Live(settings, desk.database, Renderer({**words, **WORDS}), log)
    metrics = Metrics()
    turns.ears = Ears(
        database=desk.database, store=store, sounds=sounds, log=log, metrics=metrics, seconds=5
    )
    turns.mouth = Mouth(
        database=desk.database,
        store=store,
        sounds=sounds,
        clock=desk.clock,
        log=log,
        metrics=metrics,
        seconds=5,
        days=30,
    )

    async def enqueue_turn(
        session: Any, conversation: int, event: int, delay: float, again: str = ""
    ) -> None:
        made.later.append((conversation, delay, again))

    monkeypatch.setattr(desk.queue, "enqueue_turn", enqueue_turn, raising=False)
    yield made
    await sounds.aclose()


def _wall() -> Guard:
    return Guard("fake", structlog.get_logger(), timeout=5, concurrency=8)


# ── listening ────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_spoken_is_answered_like_what_is_written(hotel: Hotel) -> None:
    assert await hotel.speak("1", said("ask")) == "Yes or no?"
    assert await hotel.speak("2", said("yes")) == "Thank you."


async def test_staff_read_what_was_heard_and_that_it_was_heard(hotel: Hotel) -> None:
    await hotel.speak("1", said("ask"))
    line, _ = await hotel.lines()
    assert line.text == "ask"
    assert line.content["heard"]["status"] == "ok"
    assert line.content["heard"]["words"] == [{"text": "ask", "probability": 0.9}]


async def test_the_desk_marks_what_was_heard_and_what_was_said(hotel: Hotel) -> None:
    hotel.voice(answer="voice")
    await hotel.speak("1", said("blah"))
    await hotel.desk.say("blah", "2")
    marks = [desk_line(row, None).spoken for row in await hotel.lines()]
    assert marks == [True, True, False, False]


async def test_the_hotels_languages_and_names_are_told_to_the_engine(hotel: Hotel) -> None:
    await hotel.speak("1", said("ask"))
    (asked,) = hotel.listener.asked
    assert (list(asked.languages), asked.language) == (["en"], None)
    assert list(asked.hints) == ["Hotel Sol"]
    assert (asked.body, round(asked.pcm.seconds)) == (NOTE, 1)


async def test_what_rooms_are_called_is_told_to_the_engine_in_the_guests_language(
    hotel: Hotel,
) -> None:
    pms: Any = Rooms()
    hotel.tenant.pms = pms
    await hotel.speak("1", said("ask"))
    await hotel.speak("2", said("yes"))
    assert [list(one.hints) for one in hotel.listener.asked] == [["Hotel Sol", "Suite Pampa"]] * 2
    assert set(pms.asked) == {"en"}


async def test_a_pms_that_is_silent_costs_no_hearing(hotel: Hotel) -> None:
    pms: Any = Rooms(error=Unavailable("away"))
    hotel.tenant.pms = pms
    assert await hotel.speak("1", said("ask")) == "Yes or no?"
    assert list(hotel.listener.asked[0].hints) == ["Hotel Sol"]


async def test_a_note_in_which_nobody_speaks_is_asked_for_again(hotel: Hotel) -> None:
    assert await hotel.speak("1", Transcript(status="no_speech")) == PARDON


async def test_a_question_stays_open_when_the_answer_was_not_heard(hotel: Hotel) -> None:
    await hotel.speak("1", said("ask"))
    assert await hotel.speak("2", Transcript(status="no_speech")) == f"{PARDON}\n\nYes or no?"
    assert await hotel.speak("3", said("yes")) == "Thank you."


@pytest.mark.parametrize("body", [b"", b"no sound at all", NOTE[:-9]], ids=["empty", "text", "cut"])
async def test_a_broken_file_is_not_heard_and_nobody_is_asked(hotel: Hotel, body: bytes) -> None:
    assert await hotel.speak("1", body=body) == PARDON
    assert hotel.listener.asked == []
    assert await hotel.desk.states() == ["answered"]


async def test_a_file_that_was_never_fetched_is_asked_for_again(hotel: Hotel) -> None:
    media = {"id": "m", "voice": True, "kind": "audio"}
    assert await hotel.desk.say("", "1", media=media) == PARDON


async def test_a_note_beyond_the_hotels_limit_is_told_so(hotel: Hotel) -> None:
    hotel.voice(longest_note_seconds=0.5)
    assert "up to 1 minutes" in await hotel.speak("1")


async def test_an_engine_that_fails_costs_no_answer(hotel: Hotel) -> None:
    assert await hotel.speak("1", Unavailable("no model")) == PARDON
    assert await hotel.speak("2", ValueError("a bug")) == PARDON


async def test_a_language_that_the_hotel_does_not_speak_is_not_believed(hotel: Hotel) -> None:
    assert await hotel.speak("1", replace(said("ask"), language="pt")) == PARDON


async def test_what_cannot_be_stored_is_taken_out_of_what_was_heard(hotel: Hotel) -> None:
    await hotel.speak("1", said("bl\x00ah \ud800"))
    (line, *_) = await hotel.lines()
    assert line.text == "blah ?"
    assert [word["text"] for word in line.content["heard"]["words"]] == ["blah", "?"]


async def test_what_was_heard_is_no_longer_than_a_message_that_is_typed(hotel: Hotel) -> None:
    await hotel.speak("1", said("blah " * 100_000))
    (line, *_) = await hotel.lines()
    assert len(line.text) <= LONGEST_TEXT
    assert sum(len(word["text"]) + 1 for word in line.content["heard"]["words"]) <= LONGEST_TEXT


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1.0])
async def test_what_is_no_probability_is_no_certainty(hotel: Hotel, number: float) -> None:
    await hotel.speak("1", said("blah", blah=number))
    (line, *_) = await hotel.lines()
    assert [word["probability"] for word in line.content["heard"]["words"]] == [0.0]


async def test_a_turn_that_runs_again_does_not_listen_again(hotel: Hotel) -> None:
    hotel.desk.queue.fail = True
    with pytest.raises(OSError, match="disk full"):
        await hotel.speak("1", said("ask"))
    hotel.desk.queue.fail = False
    await hotel.desk.turns.run(1)
    assert [one["text"] for one in await hotel.sent()] == ["Yes or no?"]
    assert len(hotel.listener.asked) == 1


async def test_notes_are_heard_for_staff_while_a_person_has_the_conversation(hotel: Hotel) -> None:
    await hotel.speak("1", said("ask"))
    async with hotel.desk.database.sessions() as session, session.begin():
        await repository.set_mode(session, "sol", 1, Mode.HUMAN, "taken over")
    assert await hotel.speak("2", said("help me")) == ""
    assert (await hotel.lines())[-1].text == "help me"


async def test_without_a_transcriber_a_note_is_what_it_always_was(hotel: Hotel) -> None:
    hotel.tenant.transcriber = None
    assert await hotel.speak("1") == "Pardon?"


async def test_a_hotel_that_keeps_no_notes_deletes_them_once_they_are_heard(hotel: Hotel) -> None:
    await hotel.speak("kept", said("ask"))
    hotel.voice(keep_notes=False)
    await hotel.speak("gone", said("ask"))
    await hotel.speak("unheard", Unavailable("later, by a person"))
    assert set(hotel.store.files) == {"sol/kept.ogg", "sol/unheard.ogg"}


async def test_a_note_whose_process_died_before_it_could_go_goes_when_the_turn_runs_again(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    hotel.voice(keep_notes=False)

    async def dies(*_: object) -> None:
        raise OSError("killed")

    with monkeypatch.context() as crash:
        crash.setattr(Ears, "_forget", dies)
        with pytest.raises(OSError, match="killed"):
            await hotel.speak("1", said("ask"))
    assert set(hotel.store.files) == {"sol/1.ogg"}
    await hotel.desk.turns.run(1)
    assert hotel.store.files == {}
    assert len(hotel.listener.asked) == 1


# ── give me a moment ─────────────────────────────────────────────────────────────────────────────


async def test_a_guest_whose_note_must_wait_is_told_once_and_answered_once(hotel: Hotel) -> None:
    busy = Throttled("busy", retry_after=4.0)
    assert await hotel.speak("1", busy) == MOMENT
    assert [(conversation, delay) for conversation, delay, _ in hotel.later] == [(1, 4.0)]
    assert await hotel.desk.states() == ["waiting"]
    hotel.listener.hears += [Throttled("busy", retry_after=2.0), said("ask")]
    hotel.desk.clock.advance(seconds=4)
    await hotel.desk.turns.run(1)
    hotel.desk.clock.advance(seconds=2)
    await hotel.desk.turns.run(1)
    assert [one["text"] for one in await hotel.sent()] == [MOMENT, "Yes or no?"]
    assert len({again for _, _, again in hotel.later}) == 2


async def test_nobody_waits_for_ever(hotel: Hotel) -> None:
    await hotel.speak("1", Throttled("busy"))
    hotel.desk.clock.set(hotel.desk.clock.now() + timedelta(minutes=6))
    hotel.listener.hears.append(Throttled("busy"))
    await hotel.desk.turns.run(1)
    assert [one["text"] for one in await hotel.sent()] == [MOMENT, PARDON]


# ── reading back ─────────────────────────────────────────────────────────────────────────────────


async def test_a_number_that_was_heard_is_read_back_and_done_after_a_yes(hotel: Hotel) -> None:
    asked = await hotel.speak("1", said("ask room 424"))
    assert asked == (
        "I am not sure that I heard this right: 424.\nI heard: “ask room 424”\nIs that right?"
    )
    assert await hotel.desk.say("yes", "2") == "Yes or no?"


async def test_the_yes_may_be_tapped(hotel: Hotel) -> None:
    await hotel.speak("1", said("ask room 424"))
    (row,) = await hotel.sent()
    assert [one["title"] for one in row["options"]] == ["Yes, that is right", "No"]
    assert await hotel.desk.say("Yes, that is right", "2", choice="heard:yes") == "Yes or no?"


async def test_after_a_no_the_guest_is_asked_to_say_it_again(hotel: Hotel) -> None:
    await hotel.speak("1", said("ask room 424"))
    assert await hotel.desk.say("no", "2") == "Sorry. Could you say it again, or write it?"
    assert await hotel.desk.say("yes", "3") == "Pardon?"


async def test_what_is_said_instead_of_a_yes_is_what_counts(hotel: Hotel) -> None:
    await hotel.speak("1", said("ask room 424"))
    assert await hotel.desk.say("ask", "2") == "Yes or no?"


async def test_a_yes_that_was_hardly_heard_decides_nothing(hotel: Hotel) -> None:
    await hotel.speak("1", said("ask"))
    asked = await hotel.speak("2", said("yes", sure=0.3))
    assert asked.endswith("I heard: “yes”\nIs that right?")
    assert await hotel.speak("3", said("yes", sure=0.2)) == f"{PARDON}\n\n{asked}"
    assert await hotel.speak("4", said("yes")) == "Thank you."


async def test_a_hardly_heard_yes_to_what_was_read_back_answers_nothing_else(hotel: Hotel) -> None:
    """Not what had been asked before either: there a yes may cost a fee."""
    await hotel.speak("1", said("ask"))
    asked = await hotel.speak("2", said("hello room 424"))
    assert await hotel.speak("3", said("yes", sure=0.3)) == f"{PARDON}\n\n{asked}"
    after = await hotel.desk.say("Yes, that is right", "4", choice="heard:yes")
    assert after != "Thank you."
    assert after.endswith("Yes or no?")


async def test_another_number_beside_a_yes_is_read_back_too(hotel: Hotel) -> None:
    await hotel.speak("1", said("ask room 424"))
    assert "I heard: “ask room 424, room 242”" in await hotel.desk.say("yes room 242", "2")
    assert await hotel.desk.say("Yes, that is right", "3", choice="heard:yes") == "Yes or no?"


async def test_the_same_number_beside_a_yes_is_only_a_yes(hotel: Hotel) -> None:
    await hotel.speak("1", said("ask room 424"))
    assert await hotel.desk.say("yes room 424", "2") == "Yes or no?"


async def test_what_is_said_beside_a_yes_is_read_back_with_what_it_adds_to(hotel: Hotel) -> None:
    await hotel.speak("1", said("ask"))
    await hotel.speak("2", said("hello room 424"))
    both = await hotel.desk.say("yes ask quiet", "3")
    assert "I heard: “hello room 424, ask quiet”" in both
    assert "Thank you." not in both
    after = await hotel.desk.say("Yes, that is right", "4", choice="heard:yes")
    assert "Thank you." not in after


async def test_the_question_that_waited_is_asked_again_after_a_no(hotel: Hotel) -> None:
    await hotel.speak("1", said("ask"))
    await hotel.speak("2", said("yes", sure=0.3))
    again = await hotel.desk.say("no", "3")
    assert again == "Sorry. Could you say it again, or write it?\n\nYes or no?"


# ── speaking ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_written_message_is_never_answered_aloud(hotel: Hotel) -> None:
    hotel.voice(answer="voice")
    assert await hotel.desk.say("blah", "1") == "Pardon?"
    assert hotel.speaker.said == []


async def test_by_default_a_note_is_answered_in_writing(hotel: Hotel) -> None:
    assert await hotel.speak("1", said("blah")) == "Pardon?"
    assert hotel.speaker.said == []


async def test_a_note_is_answered_by_a_note_that_any_player_plays(hotel: Hotel) -> None:
    hotel.voice(answer="voice")
    assert await hotel.speak("1", said("blah")) == ""
    (row,) = await hotel.sent()
    note = row["attachment"]
    assert (note["kind"], note["mime_type"]) == ("voice", "audio/ogg; codecs=opus")
    pcm = audio.decode(await hotel.store.get(note["stored"]))
    assert len(pcm) / 32_000 == pytest.approx(0.5, abs=0.05)


async def test_staff_read_what_was_spoken(hotel: Hotel) -> None:
    hotel.voice(answer="voice")
    await hotel.speak("1", said("blah"))
    assert (await hotel.lines())[-1].text == "Pardon?"


async def test_both_is_heard_and_read(hotel: Hotel) -> None:
    hotel.voice(answer="both")
    await hotel.speak("1", said("blah"))
    first, second = await hotel.sent()
    assert first["attachment"]["kind"] == "voice"
    assert second["text"] == "Pardon?"


async def test_what_there_is_to_choose_from_is_always_written(hotel: Hotel) -> None:
    hotel.voice(answer="voice")
    assert await hotel.speak("1", said("ask")) == " | Yes or no?"
    assert hotel.speaker.said == ["Yes or no?"]


async def test_a_guest_who_cannot_listen_reads_from_then_on(hotel: Hotel) -> None:
    hotel.voice(answer="voice")
    assert await hotel.speak("1", said("in writing please")) == " | Pardon?"
    assert await hotel.speak("2", said("blah")) == " | Pardon?"


async def test_a_guest_who_writes_that_he_cannot_listen_reads_what_he_missed(hotel: Hotel) -> None:
    hotel.voice(answer="voice")
    assert await hotel.speak("1", said("blah")) == ""
    told = await hotel.desk.say("I am deaf, in writing please", "2")
    assert told == "Of course, from now on I write. This is what I said:\n\nPardon?"
    await hotel.speak("3", said("blah"))
    assert [one["text"] for one in await hotel.sent()][-2:] == ["", "Pardon?"]


async def test_what_he_asks_beside_it_is_answered_too(hotel: Hotel) -> None:
    hotel.voice(answer="voice")
    await hotel.speak("1", said("blah"))
    told = await hotel.desk.say("in writing please ask", "2")
    assert told == "Of course, from now on I write. This is what I said:\n\nPardon?\n\nYes or no?"


async def test_a_choice_that_the_channel_cannot_offer_is_written_too(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeChannel, "max_options", 1)
    hotel.voice(answer="voice")
    asked = "Yes or no?\n1. yes\n2. no"
    assert await hotel.speak("1", said("ask")) == f" | {asked}"


async def test_nobody_waits_longer_than_is_promised_whatever_an_engine_asks(hotel: Hotel) -> None:
    await hotel.speak("1", Throttled("busy", retry_after=7200.0))
    assert [delay for _, delay, _ in hotel.later] == [305.0]


async def test_nothing_is_spoken_in_the_quiet_hours(hotel: Hotel) -> None:
    hotel.voice(answer="voice", quiet_from=time(22), quiet_until=time(8))
    assert await hotel.speak("1", said("blah")) == ""
    hotel.desk.clock.set(hotel.desk.clock.now().replace(hour=23))
    hotel.desk.turns.stale_after = timedelta(days=1)
    assert await hotel.speak("2", said("blah")) == "Pardon?"


async def test_an_engine_that_cannot_speak_leaves_the_answer_written(hotel: Hotel) -> None:
    hotel.voice(answer="voice")
    hotel.speaker.fails = True
    assert await hotel.speak("1", said("blah")) == "Pardon?"


async def test_a_channel_without_notes_is_written_to(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeChannel, "voice_notes", False)
    hotel.voice(answer="voice")
    assert await hotel.speak("1", said("blah")) == "Pardon?"


async def test_what_was_spoken_once_is_not_spoken_again(hotel: Hotel) -> None:
    hotel.voice(answer="voice")
    await hotel.speak("1", said("blah"))
    await hotel.speak("2", said("blah"))
    assert hotel.speaker.said == ["Pardon?"]
    first, second = await hotel.sent()
    assert first["attachment"]["stored"] == second["attachment"]["stored"]


async def test_a_file_has_its_row_before_it_is_there(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one that a crash left behind would be kept for ever."""
    hotel.voice(answer="voice")
    put, known = hotel.store.put, list[bool]()

    async def watched(name: str, body: bytes) -> None:
        async with hotel.desk.database.sessions() as session:
            rows = (await session.scalars(select(recording_.name))).all()
        known.append(name in rows)
        await put(name, body)

    monkeypatch.setattr(hotel.store, "put", watched)
    await hotel.speak("1", said("blah"))
    assert known == [False, True]  # the guest's note, then the answer


async def test_a_store_that_is_away_for_a_moment_leaves_no_file_without_a_row(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    hotel.voice(answer="voice")
    await hotel.speak("1", said("blah"))
    get, away = hotel.store.get, [Unavailable("away")]

    async def failing(name: str) -> bytes:
        if name != "sol/2.ogg" and away:
            raise away.pop()
        return await get(name)

    monkeypatch.setattr(hotel.store, "get", failing)
    assert await hotel.speak("2", said("blah")) == "Pardon?"
    await hotel.speak("3", said("blah"))
    first, _, third = await hotel.sent()
    assert first["attachment"]["stored"] == third["attachment"]["stored"]


async def test_a_recording_that_is_gone_is_made_anew(hotel: Hotel) -> None:
    hotel.voice(answer="voice")
    await hotel.speak("1", said("blah"))
    (row,) = await hotel.sent()
    await hotel.store.delete(row["attachment"]["stored"])
    await hotel.speak("2", said("blah"))
    assert hotel.speaker.said == ["Pardon?", "Pardon?"]


async def test_recordings_that_nobody_uses_are_forgotten(hotel: Hotel) -> None:
    hotel.voice(answer="voice")
    await hotel.speak("1", said("blah"))
    mouth = hotel.desk.turns.mouth
    assert mouth is not None
    await mouth.forget()
    assert any(name.endswith(".ogg") and name != "sol/1.ogg" for name in hotel.store.files)
    hotel.desk.clock.advance(days=31)
    await mouth.forget()
    assert set(hotel.store.files) == {"sol/1.ogg"}


async def test_a_night_forgets_all_recordings_that_are_old_however_many_they_are(
    hotel: Hotel,
) -> None:
    mouth, clock = hotel.desk.turns.mouth, hotel.desk.clock
    assert mouth is not None
    async with hotel.desk.database.sessions() as session, session.begin():
        for number in range(600):
            name = f"sol/{number}"
            await heard.place_of(session, "sol", name, name, clock.now())
            await hotel.store.put(name, b"words")
    clock.advance(days=31)
    await mouth.forget()
    assert hotel.store.files == {}


async def test_a_recording_has_one_name_for_ever_and_its_row_before_its_file(hotel: Hotel) -> None:
    """Whoever dies between the two, or is second, leaves no file that nobody knows."""
    now = hotel.desk.clock.now()
    later = now + timedelta(days=1)
    async with hotel.desk.database.sessions() as session, session.begin():
        assert await heard.place_of(session, "sol", "k", "sol/a", now) == "sol/a"
        assert await heard.place_of(session, "sol", "k", "sol/b", later) == "sol/a"
        assert await heard.place_of(session, "luna", "k", "luna/c", now) == "luna/c"
        await heard.forget_recording(session, "sol", "k", later)
        assert await heard.recording(session, "sol", "k") == "sol/a"
        await heard.forget_recording(session, "sol", "k", later + timedelta(seconds=1))
        assert await heard.recording(session, "sol", "k") is None
        assert await heard.recording(session, "luna", "k") == "luna/c"


async def test_a_recording_of_one_hotel_is_no_other_hotels(hotel: Hotel) -> None:
    now = hotel.desk.clock.now()
    async with hotel.desk.database.sessions() as session, session.begin():
        await heard.place_of(session, "luna", "k", "luna/a", now)
        assert await heard.recording(session, "sol", "k") is None


def test_a_recording_is_found_by_its_voice_its_language_and_its_words() -> None:
    """Whichever of the three differs, it is another one; also where they run into each other."""
    asked = [
        ("kokoro:dora", "es", "Hola"),
        ("kokoro:alex", "es", "Hola"),
        ("kokoro:dora", "pt", "Hola"),
        ("kokoro:dora", "es", "Hola."),
        ("kokoro:dor", "aes", "Hola"),
        ("kokoro:dora", "esH", "ola"),
    ]
    assert len({recording_key(*one) for one in asked}) == len(asked)


async def test_a_hotel_that_changes_its_voice_is_not_heard_in_the_old_one(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    hotel.voice(answer="voice")
    await hotel.speak("1", said("blah"))
    monkeypatch.setattr(FakeSpeaker, "voice", lambda self, language: "fake:other")
    await hotel.speak("2", said("blah"))
    assert hotel.speaker.said == ["Pardon?", "Pardon?"]


async def test_too_much_to_hear_is_cut_to_what_was_said_last(hotel: Hotel) -> None:
    hotel.voice(answer="voice", longest_answer=3)
    assert await hotel.speak("1", said("blah")) == "Pardon?"
    assert hotel.speaker.said == []


def test_quiet_hours_may_pass_midnight_or_not() -> None:
    night = VoiceSettings(quiet_from=time(22), quiet_until=time(8))
    assert [night.is_quiet(time(hour)) for hour in (21, 22, 3, 8)] == [False, True, True, False]
    noon = VoiceSettings(quiet_from=time(13), quiet_until=time(15))
    assert [noon.is_quiet(time(hour)) for hour in (12, 13, 15)] == [False, True, False]
    assert not VoiceSettings(quiet_from=time(22)).is_quiet(time(23))


async def test_the_loop_turns_while_a_note_is_decoded(hotel: Hotel) -> None:
    """The decoder is another process: its pid is not ours, and nothing waits for it."""
    ears = hotel.desk.turns.ears
    assert ears is not None
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await ears.sounds.decode(NOTE)
    counting.cancel()
    assert turns > 10
    assert ears.sounds.worker.pid is not None
