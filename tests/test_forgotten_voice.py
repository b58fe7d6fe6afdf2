"""A guest who spoke, and was answered aloud, is erased: neither his note, nor what was heard in it,
nor the answers that were spoken to him alone are left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from agente_hotelero._db.voice_models import Recording
from agente_hotelero_channel_whatsapp.testing import Guest

from core.tests.residue import residue
from tests.support.whatsapp import World, whatsapp_world
from tests.test_forgotten import NAME, PHONE, call
from tests.test_journeys_whole import SETTINGS
from tests.test_spoken import NOTES, PATIENCE

HEARD = "double room"
MARKS = ["canaria", "quetzal", PHONE, HEARD]
VOICE = {
    "HOTELERO__PLUGINS__STT_TTS__ENABLED": "true",
    "HOTELERO__PLUGINS__STT_TTS__SPEAK": "pico",
    "HOTELERO__TENANTS__SOL__TRANSCRIBER": "stt_tts",
    "HOTELERO__TENANTS__SOL__SYNTHESIZER": "stt_tts",
    "HOTELERO__TENANTS__SOL__VOICE__ANSWER": "both",
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with whatsapp_world(tmp_path, [], **SETTINGS, **VOICE) as made:
        yield made


def files_in(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.rglob("*") if one.is_file())


@pytest.mark.timeout(400)
def test_a_canary_who_spoke_is_found_nowhere(world: World, tmp_path: Path) -> None:
    account = world.simulator.account("109000000000001")
    ana = Guest(world.simulator, account, PHONE, name=NAME)
    ana.send_voice((NOTES / "en_books-02.ogg").read_bytes())
    world.simulator.settle()
    world.running.settle(PATIENCE)
    engine = world.running.agent.database.engine
    before = {one.split(".")[0] for one in world.running.do(residue(engine, [HEARD]))}
    assert {"message", "inbound_event"} <= before
    assert any(one.kind == "audio" for one in ana.replies())
    assert len(world.rows(Recording)) > 0
    assert len(files_in(tmp_path / "media")) >= 2
    done = call(world, "guests/erase", {"addresses": [f"+{PHONE}"]})
    assert done["files_not_deleted"] == []
    assert "\n".join(world.running.do(residue(engine, MARKS))) == ""
    assert world.rows(Recording) == []
    assert files_in(tmp_path / "media") == []
