"""Dialogues spoken: notes through WhatsApp's simulator, fetched, heard, answered, and booked.

The notes were spoken by Kokoro, two voices a language (`python -m benchmarks.voice.record`), and
whisper hears them. Whoever is asked whether he was heard well says the truth.
"""

from __future__ import annotations

import io
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import soundfile
from agente_hotelero._db.models import Outbox
from agente_hotelero.config import Settings, VoiceSettings
from agente_hotelero.matching import folded
from agente_hotelero.testing import SettableClock
from agente_hotelero_channel_whatsapp.testing import Account, Guest, Simulator
from agente_hotelero_stt_tts.listening import Listener

from tests.support.dialogues import Dialogue, Turn, read_all
from tests.support.hotels import NUMBERS, SECRETS, TOKENS, two_hotels
from tests.support.running import RunningAgent
from tests.support.times import NOVEMBER
from tests.test_conversations import HOTELS, Play, World

NOTES = Path(__file__).parent / "notes"
ROWS = [json.loads(line) for line in (NOTES / "notes.jsonl").read_text("utf-8").splitlines()]
SPOKEN = {row["file"].rpartition("-")[0] for row in ROWS}
DIALOGUES = [one for one in read_all() if one.name in SPOKEN]
PATIENCE = 120.0
phones = count(5491166660100)


def speaking(settings: Settings, folder: Path) -> Settings:
    """Both hotels listen; sol speaks too. Pico is fast, and has no Portuguese: that is written."""
    tenants = {
        name: one.model_copy(
            update={
                "transcriber": "stt_tts",
                "synthesizer": "stt_tts" if name == "sol" else None,
                "voice": VoiceSettings(answer="both"),
            }
        )
        for name, one in settings.tenants.items()
    }
    switch = type(settings.plugins["front_desk"])
    voice = switch.model_validate({"enabled": True, "speak": "pico"})
    return settings.model_copy(
        update={
            "tenants": tenants,
            "plugins": {**settings.plugins, "stt_tts": voice},
            "media_store": str(folder / "media"),
        }
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    clock = SettableClock(NOVEMBER)
    folder = tmp_path_factory.mktemp("agent")
    accounts = [
        Account(phone_number_id=NUMBERS[hotel], token=TOKENS[hotel], app_secret=SECRETS[hotel])
        for hotel in HOTELS
    ]
    with Simulator(accounts, now=clock.now, statuses=False) as simulator:
        settings = speaking(
            two_hotels(f"sqlite:///{folder}/agent.db", whatsapp=simulator.url), folder
        )
        with RunningAgent(settings, clock) as running:
            simulator.webhook = f"{running.url}/webhooks/whatsapp"
            yield World(begun=clock.now(), running=running, simulator=simulator)


def meta(world: World) -> Simulator:
    assert world.simulator is not None
    return world.simulator


@dataclass(kw_only=True)
class SpokenPlay(Play):
    """A guest who speaks what he can; `place` is the turn's number, `written` how often he had to
    write what he had said."""

    guest: Guest
    place: int = 0
    written: int = 0

    def speak(self, turn: Turn) -> None:
        self.place += 1
        note = NOTES / f"{self.dialogue.name}-{self.place:02}.ogg"
        if not note.exists():
            super().speak(turn)
            return
        self.shown, self.said = len(self.guest.replies()), len(self._outbox())
        self.guest.send_voice(note.read_bytes())
        self.world.running.settle(PATIENCE)
        rows = self._outbox()[self.said :]
        acts = {act for row in rows for act in row.acts}
        if "core/heard" in acts:
            self._answer_reading_back(turn, rows)
        elif acts & {"core/not_heard", "front_desk/not_understood"}:
            # Nothing was done; he writes it now. Once in a dialogue may happen, with a short word.
            self.written += 1
            assert self.written <= 1
            super().speak(turn)

    def _answer_reading_back(self, turn: Turn, rows: list[Outbox]) -> None:
        """Yes if it is what was said; else the words in writing."""
        words = "".join(str(row.content["text"]) for row in rows)
        self.shown, self.said = len(self.guest.replies()), len(self._outbox())
        if folded(turn.line(0)).strip("¿?.,! ") in folded(words):
            self.guest.tap(1)
        else:
            self.guest.say(turn.line(0))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda dialogue: dialogue.name)
def test_a_spoken_dialogue_ends_as_the_written_one(world: World, dialogue: Dialogue) -> None:
    hotel = HOTELS[DIALOGUES.index(dialogue) % 2]
    account = meta(world).account(NUMBERS[hotel])
    guest = Guest(meta(world), account, str(next(phones)), "Guest")
    play = SpokenPlay(world=world, hotel=hotel, dialogue=dialogue, guest=guest, version=0)
    play.sell_out()
    play.reserve()
    for number, turn in enumerate(dialogue.turns, 1):
        play.speak(turn)
        world.running.settle(PATIENCE)
        play.check(turn, number)
    play.check_bookings()
    play.give_back()


def test_at_least_ten_dialogues_are_spoken_by_two_voices_a_language() -> None:
    assert len(DIALOGUES) >= 10
    for language in ("es", "pt", "en"):
        assert len({row["voice"] for row in ROWS if row["lang"] == language}) == 2


def newcomer(world: World, hotel: str = "sol") -> Guest:
    return Guest(meta(world), meta(world).account(NUMBERS[hotel]), str(next(phones)))


def note(name: str) -> bytes:
    return (NOTES / f"{name}.ogg").read_bytes()


@pytest.mark.timeout(300)
def test_a_spoken_answer_is_a_note_that_an_independent_decoder_plays(world: World) -> None:
    guest = newcomer(world)
    guest.send_voice(note("es_asks_the_price-01"))
    world.running.settle(PATIENCE)
    heard, read = guest.replies()
    assert (heard.kind, heard.voice) == ("audio", True)
    # Processors round differently: on some the engine is less sure of "suite", and asks.
    assert "fecha" in read.text or "suite" in read.text
    kept = meta(world).media.get(heard.file)
    assert kept is not None
    file = kept.body
    assert len(file) <= 512 * 1024
    samples, rate = soundfile.read(io.BytesIO(file))
    assert 0.5 < len(samples) / rate < 30
    assert samples.ndim == 1
    assert abs(samples).max() > 0.05


@pytest.mark.timeout(300)
def test_a_worker_killed_in_the_middle_of_a_note_costs_no_answer_and_none_is_said_twice(
    world: World,
) -> None:
    guest, killed = newcomer(world, "luna"), 0
    transcriber, _ = world.running.agent.tenants["luna"].transcriber or (None, None)
    assert isinstance(transcriber, Listener)
    worker = transcriber._housing._worker
    assert worker is not None
    guest.send_voice(note("en_leaves_a_day_later-01"))
    deadline = time.monotonic() + PATIENCE
    while not killed and time.monotonic() < deadline:
        if worker.pid and worker._inside:
            os.kill(worker.pid, signal.SIGKILL)
            killed += 1
        time.sleep(0.01)
    assert killed == 1
    world.running.settle(PATIENCE)
    (answer,) = [one for one in guest.replies() if one.kind != "audio"]
    assert answer.text
    assert "could not hear" not in answer.text
    lines: list[Any] = world.running.do(_history(world, guest))
    assert "August 14" in lines[0].text


@pytest.mark.timeout(300)
@pytest.mark.parametrize("cut", [3, 700], ids=["the last bytes", "much"])
def test_a_broken_note_is_asked_for_again_in_the_guests_language(world: World, cut: int) -> None:
    guest = newcomer(world, "luna")
    guest.say("hello")
    world.running.settle()
    guest.send_voice(note("en_books-02")[:-cut])
    world.running.settle(PATIENCE)
    assert guest.replies()[-1].text.startswith("Sorry, I could not hear your voice note.")


def test_staff_see_that_it_was_heard(world: World) -> None:
    guest = newcomer(world, "luna")
    guest.send_voice(note("en_books-02"))
    world.running.settle(PATIENCE)
    lines: list[Any] = world.running.do(_history(world, guest))
    assert lines[0].text.startswith("Do you have a double room")
    assert lines[0].content["heard"]["model"] == "whisper-base"


async def _history(world: World, guest: Guest) -> Any:
    from agente_hotelero._db import repository

    async with world.running.agent.database.sessions() as session:
        found = await repository.conversations(session, "luna", limit=1000)
        (mine,) = [one for one in found if one.address.lstrip("+") == guest.phone]
        return await repository.history(session, "luna", int(mine.id or 0), limit=10)
