"""What operators look at: alerts that fire and that do not, boards, runbooks, real metrics."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from agente_hotelero_channel_whatsapp.testing import Guest, Simulator
from agente_hotelero_channel_whatsapp.testing.simulator import Fault, envelope, signature

from tests.rehearsals.scenes import SCENES
from tests.support.hotels import NUMBERS, SECRETS, two_hotels
from tests.support.running import RunningAgent
from tests.support.times import NOVEMBER, clock_at

ROOT = Path(__file__).parent.parent
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = sorted(PROMETHEUS.glob("*.rules.yml"))
TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
BOARDS = sorted((ROOT / "deploy" / "grafana" / "dashboards").glob("*.json"))
RUNBOOKS = {path.name for path in (ROOT / "docs" / "runbooks").glob("*.md")} - {"README.md"}
SELECTOR = re.compile(r'([a-z_:][\w:]*)\{((?:[^{}"]|"[^"]*")*)\}')
# Prometheus's own, of whatever it scrapes, and what prometheus.yml adds.
ITS_OWN_LABELS = {"job", "instance", "service", "le"}


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def rules(kind: str) -> list[dict[str, Any]]:
    return [
        rule
        for path in RULES
        for group in read(path)["groups"]
        for rule in group["rules"]
        if kind in rule
    ]


ALERTS = {rule["alert"]: rule for rule in rules("alert")}


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_fires_in_one_case_and_is_silent_in_another(alert: str) -> None:
    cases = [
        bool(case.get("exp_alerts"))
        for path in TESTS
        for test in read(path)["tests"]
        for case in test["alert_rule_test"]
        if case["alertname"] == alert
    ]
    assert set(cases) == {True, False}


@pytest.mark.timeout(300)
def test_the_rules_do_what_their_cases_say() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        assert not os.environ.get("CI"), "apt-get install prometheus"
        pytest.skip("promtool is not installed")
    for command, files in (("check", RULES), ("test", TESTS)):
        arguments = [promtool, command, "rules", *map(str, files)]
        done = subprocess.run(arguments, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_says_how_urgent_it_is_and_what_to_do(alert: str) -> None:
    rule = ALERTS[alert]
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"]["summary"]
    page = (ROOT / rule["annotations"]["runbook"]).read_text(encoding="utf-8")
    assert f"`{alert}`" in page
    for heading in ("## What guests notice", "## Look", "## Do", "## Rehearsed"):
        assert heading in page, heading


def test_no_runbook_is_of_an_alert_that_is_gone() -> None:
    assert {Path(one["annotations"]["runbook"]).name for one in ALERTS.values()} == RUNBOOKS


@pytest.mark.parametrize("page", sorted(RUNBOOKS))
def test_every_runbook_has_a_scene_and_every_alert_is_played_or_it_says_why_not(page: str) -> None:
    alerts = {
        name for name, one in ALERTS.items() if one["annotations"]["runbook"].endswith(f"/{page}")
    }
    scenes = {name for name, scene in SCENES.items() if scene.alerts & alerts}
    assert scenes
    text = (ROOT / "docs" / "runbooks" / page).read_text(encoding="utf-8")
    rehearsed = text.partition("## Rehearsed")[2]
    named = set(re.findall(r"`python -m tests\.rehearsals (\w+)`", rehearsed))
    assert named
    assert named <= scenes
    played = {alert for name in scenes for alert in SCENES[name].alerts}
    excused = rehearsed.partition("Not played:")[2]
    burns = {name for name in alerts if "BudgetBurns" in name and "the burn rates" in excused}
    assert alerts <= played | burns | set(re.findall(r"`(\w+)`", excused))


def test_every_alert_of_a_scene_exists() -> None:
    assert {alert for scene in SCENES.values() for alert in scene.alerts} <= set(ALERTS)


@pytest.mark.parametrize("tool", ["slo", "dashboards"])
def test_what_a_tool_made_is_as_it_makes_it(tool: str) -> None:
    done = subprocess.run([sys.executable, f"tools/{tool}.py", "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0, f"python tools/{tool}.py"


def test_the_boards_are_few_and_have_names_that_stay() -> None:
    boards = [json.loads(path.read_text(encoding="utf-8")) for path in BOARDS]
    assert [one["uid"] for one in boards] == [f"agente-hotelero-{path.stem}" for path in BOARDS]
    assert len(boards) <= 6
    for one in boards:
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in one["panels"]]
        assert len(set(places)) == len(places)


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in [*rules("alert"), *rules("record")])
    for path in BOARDS:
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            yield from (target["expr"] for target in panel["targets"])


def test_what_alerts_ask_to_have_grown_is_there_before_the_first_failure(
    simulator: Simulator, tmp_path: Path
) -> None:
    """A series that begins with 1 has not grown in Prometheus's eyes."""
    settings = two_hotels(f"sqlite:///{tmp_path}/a.db", whatsapp=simulator.url)
    with RunningAgent(settings, clock_at(NOVEMBER)) as running:
        page = httpx.get(f"{running.url}/metrics").text.splitlines()
    webhook = 'http_requests_total{method="POST",route="/webhooks/{path}",status='
    sends = "outbox_sends_total{channel="
    assert {
        'outgoing_webhooks_total{state="dead"} 0.0',
        'turns_total{outcome="failed"} 0.0',
        *(f'{webhook}"{status}"}} 0.0' for status in (401, 503)),
        *(
            f'{sends}"{channel}",state="{state}"}} 0.0'
            for channel in ("channel_web", "channel_whatsapp")
            for state in ("accepted", "failed", "unknown")
        ),
    } <= set(page)


def test_boards_and_alerts_use_only_records_that_are_made() -> None:
    made = {rule["record"] for rule in rules("record")}
    used = {name for one in expressions() for name in re.findall(r"\b\w+:[\w:]+", one)}
    assert used <= made
    assert made - used == {name for name in made if name.startswith("slo:")} - used


@pytest.fixture(scope="module")
def busy(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAgent]:
    """An agent to which everything happens that is counted."""
    folder = tmp_path_factory.mktemp("busy")
    settings = two_hotels(f"sqlite:///{folder}/a.db", whatsapp=simulator.url).model_copy(
        update={"backup_folder": str(folder / "backups"), "media_store": str(folder / "media")}
    )
    with RunningAgent(settings, clock_at(NOVEMBER)) as running:
        simulator.webhook = f"{running.url}/webhooks/whatsapp"
        yield running


def live_through_it(running: RunningAgent, simulator: Simulator) -> None:
    guest = Guest(simulator, simulator.account(NUMBERS["sol"]), "5491155577001")
    for line in ("busco una doble del 10/12 al 12/12 para dos", "¿hay wifi?"):
        guest.say(line)
        running.settle()
    simulator.faults.append(Fault.EXPIRED_TOKEN)
    guest.say("¿aceptan mascotas?")
    running.settle()
    image = {"id": "1", "mime_type": "image/jpeg", "sha256": "0" * 64}
    said = {
        "from": guest.phone,
        "id": "wamid.of-an-image",
        "timestamp": str(int(NOVEMBER.timestamp())),
        "type": "image",
        "image": image,
    }
    account = simulator.account(NUMBERS["sol"])
    whole = envelope(
        account,
        {"contacts": [{"profile": {"name": "A"}, "wa_id": guest.phone}], "messages": [said]},
    )
    for body in (b"{broken", whole):
        headers = {"X-Hub-Signature-256": signature(SECRETS["sol"], body)}
        httpx.post(f"{running.url}/webhooks/whatsapp", content=body, headers=headers)
    running.agent.walls.failures.note("pms_mock", "search_offers", "Unavailable")
    running.agent.metrics.webhooks.labels("delivered").inc()
    # These hotels have no mailbox; plugins/channel_gmail shows that one is fetched from.
    running.agent.metrics.receiving.labels("sol", "channel_gmail", "1").set(1)
    running.do(run_a_job(running))


async def run_a_job(running: RunningAgent) -> None:
    """The nightly cleaning, now."""
    agent, now = running.agent, running.clock.now()
    async with agent.database.sessions() as session, session.begin():
        key = f"core/retention@{datetime.now(UTC).isoformat()}"
        await agent.queue.schedule(session, "job", key, now, now)


def scraped(running: RunningAgent) -> dict[str, set[str]]:
    """Each sample's name with the labels that it has."""
    found: dict[str, set[str]] = {}
    for line in httpx.get(f"{running.url}/metrics").text.splitlines():
        if not line.startswith("#"):
            name, _, rest = line.partition("{")
            labels = set(re.findall(r'(\w+)="', rest))
            found.setdefault(name.split(" ")[0], set()).update(labels)
    return found


def used() -> dict[str, set[str]]:
    """Each metric that a rule or a board names, with the labels by which it chooses."""
    found: dict[str, set[str]] = {}
    for one in expressions():
        for name, inside in SELECTOR.findall(one):
            labels = set(re.findall(r"(\w+)\s*[=!]", inside))
            found.setdefault(name, set()).update(labels - ITS_OWN_LABELS)
    found.pop("up")
    return found


def test_every_metric_that_is_looked_at_is_there_after_a_busy_minute(
    busy: RunningAgent, simulator: Simulator
) -> None:
    live_through_it(busy, simulator)
    missing = {"?"}
    for _ in range(300):
        there = scraped(busy)
        missing = {
            f"{name}{sorted(labels)}"
            for name, labels in used().items()
            if name not in there or not labels <= there[name]
        }
        if not missing:
            break
        time.sleep(0.1)
    assert missing == set()
    assert len(used()) > 20


def test_labels_by_which_boards_group_are_there(busy: RunningAgent) -> None:
    there = set().union(*scraped(busy).values()) | ITS_OWN_LABELS
    grouped = {
        label
        for one in expressions()
        for inside in re.findall(r"\bby \(([^)]*)\)", one)
        for label in re.findall(r"\w+", inside)
    }
    assert grouped <= there


def test_no_label_holds_anything_of_a_guest(busy: RunningAgent) -> None:
    page = httpx.get(f"{busy.url}/metrics").text
    assert "5491155577001" not in page
    assert "wamid" not in page
