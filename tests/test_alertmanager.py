"""Who is told of what: a real Alertmanager with the configuration that is deployed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parent.parent
CONFIG = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"
PROGRAMS = ("prometheus-alertmanager", "alertmanager")
MARKERS = (
    {"alertname": "DiskFilling", "of": "marker"},
    {"alertname": "DiskAlmostFull", "of": "marker"},
)


@dataclass(frozen=True)
class Alertmanager:
    url: str

    def tell(self, *alerts: Mapping[str, str]) -> None:
        """As Prometheus does; until they were looked at, one after the other: the last pair is
        ours, and one of it silences the other."""
        body = [{"labels": {"severity": "critical", **labels}} for labels in (*alerts, *MARKERS)]
        httpx.post(f"{self.url}/api/v2/alerts", json=body).raise_for_status()
        for _ in range(300):
            if MARKERS[0]["alertname"] in self._names("--inhibited", "of=marker"):
                return
            time.sleep(0.1)
        raise TimeoutError("Alertmanager does not look at what it is told")

    def loud(self) -> set[str]:
        """Who is not silenced, by amtool."""
        return self._names("--active", "of!=marker")

    def silenced(self) -> set[str]:
        return self._names("--inhibited", "of!=marker")

    def _names(self, *query: str) -> set[str]:
        amtool = shutil.which("amtool") or "amtool"
        command = [amtool, f"--alertmanager.url={self.url}", "alert", "query", *query, "-o", "json"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return {one["labels"]["alertname"] for one in json.loads(done.stdout)}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def alertmanager(tmp_path: Path) -> Iterator[Alertmanager]:
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        assert not os.environ.get("CI"), "apt-get install prometheus-alertmanager"
        pytest.skip("Alertmanager is not installed")
    (tmp_path / "hook").write_text("http://127.0.0.1:9/")
    text = CONFIG.read_text(encoding="utf-8")
    (tmp_path / "alertmanager.yml").write_text(
        text.replace("/run/secrets/alert_webhook", str(tmp_path / "hook"))
    )
    url = f"http://127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [
            program,
            f"--config.file={tmp_path}/alertmanager.yml",
            f"--storage.path={tmp_path}/data",
            f"--web.listen-address={url.removeprefix('http://')}",
            "--cluster.listen-address=",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until_ready(url)
        yield Alertmanager(url)
    finally:
        process.terminate()
        process.wait(20)


def until_ready(url: str) -> None:
    for _ in range(300):
        try:
            if httpx.get(f"{url}/-/ready").is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise TimeoutError("Alertmanager does not start")


CONSEQUENCES = (
    {"alertname": "AvailabilityLow"},
    {"alertname": "AvailabilityBudgetBurnsFast"},
    {"alertname": "LatencyBudgetBurnsSlow"},
    {"alertname": "TurnsFail"},
    {"alertname": "TurnsSlow"},
    {"alertname": "QueueStands", "queue": "turns"},
    {"alertname": "WebhooksNotStored"},
)
OF_THEIR_OWN = (
    {"alertname": "PmsDown", "tenant": "sol"},
    {"alertname": "ChannelAccountStopped", "tenant": "sol", "channel": "w", "account": "1"},
    {"alertname": "DiskAlmostFull", "of": "database"},
    {"alertname": "BackupOld"},
    {"alertname": "RedisDown"},
)
ONE_DOWN = {"alertname": "AgentDown", "instance": "worker:8001"}


def names(*alerts: Mapping[str, str]) -> set[str]:
    return {one["alertname"] for one in alerts}


def test_one_agent_of_several_that_is_down_silences_nobody(alertmanager: Alertmanager) -> None:
    alertmanager.tell(ONE_DOWN, *CONSEQUENCES, *OF_THEIR_OWN)
    assert alertmanager.loud() == names(ONE_DOWN, *CONSEQUENCES, *OF_THEIR_OWN)


def test_without_any_agent_what_follows_is_silent_and_what_does_not_is_told(
    alertmanager: Alertmanager,
) -> None:
    cause = {"alertname": "AllAgentsDown"}
    alertmanager.tell(cause, ONE_DOWN, *CONSEQUENCES, *OF_THEIR_OWN)
    assert alertmanager.loud() == names(cause, *OF_THEIR_OWN)
    assert alertmanager.silenced() == names(ONE_DOWN, *CONSEQUENCES)


def test_without_a_database_an_agent_that_is_down_is_still_told(
    alertmanager: Alertmanager,
) -> None:
    cause = {"alertname": "DatabaseDown"}
    alertmanager.tell(cause, ONE_DOWN, *CONSEQUENCES, *OF_THEIR_OWN)
    assert alertmanager.loud() == names(cause, ONE_DOWN, *OF_THEIR_OWN)


def test_the_pms_of_one_hotel_silences_the_circuit_of_no_other(alertmanager: Alertmanager) -> None:
    down = {"alertname": "PmsDown", "tenant": "sol"}
    circuits = [{"alertname": "PmsCircuitOpen", "tenant": name} for name in ("sol", "luna")]
    alertmanager.tell(down, circuits[0])
    assert alertmanager.silenced() == {"PmsCircuitOpen"}
    alertmanager.tell(circuits[1])
    assert "PmsCircuitOpen" in alertmanager.loud()
