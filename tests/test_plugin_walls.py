"""Every kind of bad plugin at once, in one real process: guests are answered all the same."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from agente_hotelero_channel_whatsapp.testing import Simulator

from tests.support import distributions
from tests.support.cluster import ACCOUNT, Cluster, deliver, message
from tests.support.processes import environment, hotelero

SOURCES = Path(__file__).parent / "support" / "plugins"
HOOK = "from agente_hotelero import hookimpl\n@hookimpl\ndef {}():\n    return {}\n"
# What is wrong, and how it is called: by `hotelero plugins`, and by /health/ready.
NOT_LOADED = {
    "import_error": ("raise RuntimeError('boom')", "RuntimeError: boom"),
    "exits": ("import sys\nsys.exit(3)", "SystemExit: 3"),
    "lacks": ("import no_such_module", "ModuleNotFoundError"),
    "misspelt": (HOOK.format("register_chanels", "[]"), "register_chanels"),
    "raises": (HOOK.format("register_handlers", "1 / 0"), "ZeroDivisionError"),
    "nonsense": (HOOK.format("register_handlers", "[object()]"), "register_handlers"),
}
GOOD = HOOK.format("register_handlers", "[]")
MARK = "open('imported', 'w').close()\n"
WIFI, PERSON, AWAY = "RED-WIFI", "una persona te va a contestar", "el sistema de reservas"
ARRIVAL = datetime.now(UTC) + timedelta(days=40)
ROOM = f"quiero una habitación del {ARRIVAL:%d/%m/%Y} por 2 noches para dos"
PHONES = (str(number) for number in count(5491155570000))
ENABLED = ("trouble", "opens_badly", "slow", "future", *NOT_LOADED)
SETTINGS = {
    **{f"HOTELERO__PLUGINS__{name.upper()}__ENABLED": "true" for name in ENABLED},
    "HOTELERO__TENANTS__DEFAULT__NLP": '["trouble", "nlp_local"]',
    "HOTELERO__TENANTS__DEFAULT__PMS": "opens_badly",
    "HOTELERO__TURN_TIMEOUT_SECONDS": "1.5",
    "HOTELERO__NLP_TIMEOUT_SECONDS": "1.5",
    "HOTELERO__PLUGIN_OPEN_SECONDS": "4",
    "HOTELERO__PLUGIN_BLOCK_SECONDS": "1.5",
    "HOTELERO__PLUGIN_MEMORY_MB": "100",
}


def install(folder: Path) -> None:
    """All the bad plugins, and one that nobody enabled."""
    folder.mkdir()
    for name in ("trouble", "opens_badly"):
        distributions.install(folder, name, (SOURCES / f"{name}.py").read_text())
    distributions.install(folder, "slow", f"import time\ntime.sleep(2.1)\n{GOOD}")
    distributions.install(folder, "future", MARK, "agente-hotelero-core>=9,<10")
    distributions.install(folder, "off", MARK)
    for name, (code, _) in NOT_LOADED.items():
        distributions.install(folder, name, f"{code}\n")


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One agent with all of them."""
    folder = tmp_path_factory.mktemp("walls")
    install(folder / "plugins")
    more = {**SETTINGS, "PYTHONPATH": str(folder / "plugins")}
    with Simulator([ACCOUNT]) as simulator:
        made = Cluster(simulator, f"sqlite:///{folder}/agent.db", folder, more=more)
        with made.running():
            yield made


def heard(agent: Cluster, phone: str) -> list[str]:
    return [one.text for one in agent.simulator.sent if one.to == phone]


async def say(agent: Cluster, line: str, *, seconds: float = 15) -> str:
    """What a new guest hears."""
    phone = next(PHONES)
    async with httpx.AsyncClient(timeout=seconds) as client:
        await deliver(client, agent, message(phone, line, datetime.now(UTC)))
    async with asyncio.timeout(seconds):
        while not (told := heard(agent, phone)):  # noqa: ASYNC110 - threads of the simulator
            await asyncio.sleep(0.02)
    return "\n".join(told)


async def meanwhile(agent: Cluster, line: str) -> str:
    """What a guest hears to a line that makes trouble, while another guest is answered."""
    told, other = await asyncio.gather(say(agent, line), say(agent, "¿hay wifi?"))
    assert WIFI in other
    return told


def ready(agent: Cluster) -> dict[str, Any]:
    answer = httpx.get(f"{agent.agents[0].url}/health/ready", timeout=15)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


WRONGS = {
    "fail": "KeyError",
    "exit": "SystemExit",
    "interrupt": "KeyboardInterrupt",
    "cancel": "CancelledItself",
    "nonsense": "TypeError",
    "endless": "Excessive",
    "hang": "TimeoutError",
    "stubborn": "TimeoutError",
    "sleep": "Blocked",
    "loop": "Blocked",
    "regex": "Blocked",
    "memory": "TookMemory",
}


@pytest.mark.parametrize(("what", "kind"), WRONGS.items(), ids=list(WRONGS))
def test_an_engine_that_goes_wrong_is_passed_over(agent: Cluster, what: str, kind: str) -> None:
    assert WIFI in asyncio.run(meanwhile(agent, f"¿hay wifi? #read-{what}"))
    assert_named(agent, "understand", kind)


@pytest.mark.parametrize("what", ["fail", "exit", "endless", "hang", "sleep", "memory"])
def test_a_handler_that_goes_wrong_calls_a_person(agent: Cluster, what: str) -> None:
    assert PERSON in asyncio.run(meanwhile(agent, f"#desk-{what}"))
    assert_named(agent, "handle", WRONGS[what])


def assert_named(agent: Cluster, operation: str, kind: str) -> None:
    """Health and metrics name the culprit; the log holds nothing that it said."""
    last = ready(agent)["plugins"]["trouble"]["last_failure"]
    assert (last["operation"], last["kind"]) == (operation, kind)
    page = httpx.get(f"{agent.agents[0].url}/metrics").text
    counted = rf'plugin_failures_total{{kind="{kind}",operation="{operation}",plugin="trouble"}}'
    assert re.search(counted, page)
    assert "ana@example.com" not in agent.agents[0].log.read_text()


def test_what_could_not_be_opened_is_left_out_and_named(agent: Cluster) -> None:
    assert PERSON in asyncio.run(meanwhile(agent, "#gone"))
    assert AWAY in asyncio.run(meanwhile(agent, ROOM))
    report = ready(agent)
    assert report["plugins"]["opens_badly"]["state"] == "failed"
    assert "could not be opened" in report["tenants"]["default"]["failed"]["opens_badly"]
    assert report["tenants"]["default"]["pms"]["detail"] == "not in service"
    # As a word: the random ids of traces hold any four digits now and then.
    assert not re.search(r"\b1234\b", json.dumps(report) + agent.agents[0].log.read_text())


def test_what_could_not_be_loaded_is_named_with_its_reason(agent: Cluster) -> None:
    listed = hotelero(["plugins", "--json"], agent.environ(), agent.folder)
    rows = {row["name"]: row for row in json.loads(listed.stdout)}
    named = ready(agent)["plugins"]
    for name, (_, reason) in NOT_LOADED.items():
        for one in (rows[name], named[name]):
            assert one["state"] == "failed"
            assert reason in one["reason"]
    assert rows["future"]["state"] == named["future"]["state"] == "incompatible"
    assert rows["off"]["state"] == "disabled"
    assert not (agent.folder / "imported").exists()


def test_a_slow_import_is_shown_and_warned_of(agent: Cluster) -> None:
    slow = ready(agent)["plugins"]["slow"]
    assert (slow["state"], slow["load_ms"] > 2000) == ("active", True)
    assert '"event": "slow_import"' in agent.agents[0].log.read_text()


def test_a_required_plugin_that_cannot_be_opened_stops_the_start(agent: Cluster) -> None:
    switch = "HOTELERO__PLUGINS__OPENS_BADLY__"
    only = {f"{switch}ENABLED": "true", f"{switch}REQUIRED": "true", "PMS_TYPE": "mock"}
    more = {"PYTHONPATH": agent.more["PYTHONPATH"], "HOTELERO__PLUGIN_OPEN_SECONDS": "0.5"}
    environ = environment("sqlite:///required.db", **only, **more)
    done = hotelero(["run", "--port", "0"], environ, agent.folder)
    assert done.returncode == 2
    assert "plugins.opens_badly.required: the plugin is failed" in done.stderr


def test_bad_settings_of_one_hotel_are_told_by_their_path(tmp_path: Path) -> None:
    hotels = '[tenants.sol]\nname = "Sol"\n[tenants.luna]\nname = "Luna"\n'
    wrong = '[tenants.luna.plugins.front_desk]\noffers_shown = "hunter2"\n'
    switch = "[plugins.front_desk]\nenabled = true\n[plugins.nlp_local]\nenabled = true\n"
    (tmp_path / "hotel.toml").write_text(hotels + wrong + switch)
    done = hotelero(["run", "--port", "0"], environment("sqlite:///x.db"), tmp_path)
    assert done.returncode == 2
    assert "tenants.luna.plugins.front_desk.offers_shown" in done.stderr
    assert "tenants.sol" not in done.stderr
    assert "hunter2" not in done.stderr
