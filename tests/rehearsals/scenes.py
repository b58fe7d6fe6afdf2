"""What goes wrong, and what an operator does then: scenes for the runbooks.

A scene breaks something, says which alerts must fire, mends it as its runbook says, and looks
whether guests are served again.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import psycopg
from agente_hotelero_channel_whatsapp.testing import MetaError
from agente_hotelero_channel_whatsapp.testing.simulator import signature

from tests.chaos.arena import AWAY, CLOSED, OFFERED, QUOTE
from tests.rehearsals.stage import Scene, Stage
from tests.support.cluster import ACCOUNT, message
from tests.support.fault_proxy import Fault
from tests.support.processes import Served

DRAIN_SECONDS, PATIENT = 480.0, 30.0
WIFI, WIFI_ANSWER = "¿hay wifi?", "RED-WIFI"
TROUBLE = Path(__file__).parents[1] / "support" / "plugins" / "trouble.py"
NOBODY_MAY_HAVE_IT = 131021
DISK_MB = 8


def _be(target: str, fault: Fault, stage: Stage) -> None:
    stage.place.proxies[target].be(fault)


def _ask_for_rooms(stage: Stage) -> None:
    _be("pms", Fault.BLACK_HOLE, stage)
    stage.keep_asking(QUOTE, 1.0)
    told = stage.ask(QUOTE)
    assert AWAY in told, told


def _pms_is_back(stage: Stage) -> None:
    """The page that the runbook names says which hotel it is; then it comes back."""
    report = httpx.get(f"{stage.url}/health/ready", timeout=10).json()
    assert report["tenants"]["default"]["pms"]["ok"] is False, report
    _mend("pms", stage)


def _rooms_are_offered(stage: Stage) -> None:
    for _ in range(5):
        if OFFERED in stage.ask(QUOTE):
            break
        time.sleep(2)
    assert stage.place.circuit() == CLOSED
    assert stage.answered()


def _break_and_ask(target: str, fault: Fault, stage: Stage) -> None:
    _be(target, fault, stage)
    stage.keep_asking(WIFI, 1.0)


def _mend(target: str, stage: Stage) -> None:
    _be(target, Fault.NONE, stage)
    time.sleep(2)
    stage.quiet()


def _all_heard(stage: Stage) -> None:
    deadline = time.monotonic() + DRAIN_SECONDS
    while not stage.answered():
        assert time.monotonic() < deadline
        time.sleep(0.5)


def _everybody_is_answered(stage: Stage) -> None:
    """Those who wrote meanwhile, and then somebody new."""
    _all_heard(stage)
    assert WIFI_ANSWER in stage.ask(WIFI)


# ── one process is gone, or cannot follow ────────────────────────────────────────────────────────


def _kill(stage: Stage) -> None:
    stage.place.cluster.agents[0].kill()
    stage.keep_asking(WIFI, 1.0)


def _start_again(stage: Stage) -> None:
    """Where it was: what watches it knows its address."""
    agents, gone = stage.place.cluster.agents, stage.place.cluster.agents[0]
    gone.__exit__()
    agents[0] = Served(gone.environ, gone.cwd, port=int(gone.url.rpartition(":")[2])).__enter__()
    stage.quiet()


def _many_at_once(stage: Stage) -> None:
    """More and more, until it is too much for this machine."""
    stage.keep_asking(WIFI, 1 / 20, doubled=30)


def _more_hands(stage: Stage) -> None:
    """Another process beside the first, on the same database, until nothing waits any more."""
    cluster = stage.place.cluster
    with Served(cluster.environ(), cluster.folder, command="worker", patience=180) as worker:
        stage.quiet()
        _nothing_waits(stage)
        page = httpx.get(f"{worker.url}/metrics", timeout=PATIENT).text
        answered = re.search(r'^turns_total\{outcome="answered"\} (\S+)$', page, re.MULTILINE)
        assert answered, "the second process answered nobody"
        worker.stop()


def _nothing_waits(stage: Stage) -> None:
    """By the agent's own word: no body, no message, no answer."""
    deadline, waiting = time.monotonic() + DRAIN_SECONDS, ["?"]
    while waiting:
        assert time.monotonic() < deadline, waiting
        time.sleep(6)
        page = httpx.get(f"{stage.url}/metrics", timeout=PATIENT).text
        waiting = re.findall(r"^queue_depth\{.*\} [1-9]\S*$", page, re.MULTILINE)


# ── a provider's account ─────────────────────────────────────────────────────────────────────────


def _token_ends(stage: Stage) -> None:
    stage.folder.joinpath("access_token").write_text("revoked")
    stage.keep_asking(WIFI, 1.0)


def _new_token(stage: Stage) -> None:
    """As docs/operations.md says: the new token into its file."""
    stage.quiet()
    stage.folder.joinpath("access_token").write_text(ACCOUNT.token)


def _wrong_signatures(stage: Stage) -> None:
    body = message("5491155790001", WIFI, datetime.now(UTC))
    headers = {"X-Hub-Signature-256": signature("another secret", body)}

    def post() -> None:
        while not stage.over(0.3):
            httpx.post(f"{stage.url}/webhooks/whatsapp", content=body, headers=headers)

    stage.keep(post)


def _refused_for_good(stage: Stage) -> None:
    """One guest hears nothing."""
    stage.place.simulator.faults.append(MetaError(code=NOBODY_MAY_HAVE_IT))
    stage.keep_asking(WIFI, 600)
    time.sleep(1)
    stage.quiet()


def _replay(stage: Stage) -> None:
    """`hotelero replay` says which, and why; the cause is gone."""
    listed = stage.type("replay")
    letters = re.findall(r"kind=send +number=(\d+)", listed)
    assert len(letters) == 1, listed
    assert str(NOBODY_MAY_HAVE_IT) in listed
    assert not stage.answered()
    stage.type("replay", f"send/{letters[0]}")


# ── a plugin, a disk, a backup ───────────────────────────────────────────────────────────────────


def _a_plugin_fails(stage: Stage) -> None:
    stage.keep_asking("#desk-fail", 0.5)


def _switch_it_off(stage: Stage) -> None:
    """The page names the culprit; then as the runbook says."""
    report = httpx.get(f"{stage.url}/health/ready", timeout=10).json()
    assert report["plugins"]["trouble"], report
    token = stage.type("token", "--role", "owner").strip()
    path = f"{stage.url}/admin/api/v1/tenants/default/flags/trouble"
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.put(path, json={"on": False}, headers=headers).status_code == 204


def _nobody_is_handed_over(stage: Stage) -> None:
    """Who writes the same now is asked what was meant."""
    stage.quiet()
    told = stage.ask("#desk-fail")
    assert "una persona" not in told, told
    _everybody_is_answered(stage)


@contextmanager
def _a_small_disk(folder: Path) -> Iterator[None]:
    """Of its own, so that filling it harms nobody."""
    disk = folder / "disk"
    disk.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(disk))
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def _fill_it(stage: Stage) -> None:
    """Guests notice nothing yet."""
    stage.folder.joinpath("disk", "photos").write_bytes(bytes(int(DISK_MB * 0.97 * 2**20)))
    assert WIFI_ANSWER in stage.ask(WIFI)


def _make_it_larger(stage: Stage) -> None:
    """Which one it is, the label says."""
    free = stage.place.metric(r'disk_free_ratio\{of="media"\}')
    assert free is not None
    assert free < 0.05
    _mount("-o", f"remount,size={DISK_MB * 8}m", str(stage.folder / "disk"))


def _backups_fail(stage: Stage) -> None:
    """The nightly job has proved one; then three days go by in which none can be put anywhere."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while not stage.place.metric("backup_verified_timestamp_seconds"):
        assert time.monotonic() < deadline
        time.sleep(1)
    stage.folder.joinpath("backups").rename(stage.folder / "backups.lost")
    stage.folder.joinpath("backups").write_text("a file where a folder should be")
    with psycopg.connect(stage.place.cluster.database_url, autocommit=True) as database:
        done = database.execute(
            "UPDATE backup_run SET made_at = made_at - interval '3 d',"
            " verified_at = verified_at - interval '3 d'"
        )
        assert done.rowcount


def _back_up_by_hand(stage: Stage) -> None:
    """The log says why; the cause is removed, and one is made and proved."""
    log = stage.place.cluster.agents[0].log.read_text()
    assert "backup_failed" in log
    assert "the folder of backups" in log
    stage.folder.joinpath("backups").unlink()
    stage.folder.joinpath("backups.lost").rename(stage.folder / "backups")
    stage.type("backup")
    stage.type("backup", "verify")


SCENES: Mapping[str, Scene] = {
    "pms_down": Scene(
        alerts=frozenset({"PmsCircuitOpen", "PmsDown"}),
        inject=_ask_for_rooms,
        mend=_pms_is_back,
        verify=_rooms_are_offered,
        steps="/health/ready named the hotel; its PMS came back",
    ),
    "database_down": Scene(
        alerts=frozenset({"DatabaseDown", "WebhooksNotStored", "AvailabilityLow"}),
        inject=partial(_break_and_ask, "postgres", Fault.REFUSE),
        mend=partial(_mend, "postgres"),
        verify=_everybody_is_answered,
        steps="the server was started; nothing else",
    ),
    "redis_down": Scene(
        alerts=frozenset({"RedisDown"}),
        inject=partial(_break_and_ask, "redis", Fault.REFUSE),
        mend=partial(_mend, "redis"),
        verify=_everybody_is_answered,
        steps="the server was started; nothing else",
    ),
    "latency": Scene(
        alerts=frozenset({"TurnsSlow"}),
        inject=partial(_break_and_ask, "postgres", Fault.LATENCY),
        mend=partial(_mend, "postgres"),
        verify=_everybody_is_answered,
        steps="the slow way to the database was mended",
    ),
    "agent_down": Scene(
        alerts=frozenset({"AgentDown", "AllAgentsDown"}),
        inject=_kill,
        mend=_start_again,
        verify=_everybody_is_answered,
        steps="it was started; nothing else",
    ),
    "traffic_spike": Scene(
        # On a machine that others use a process may never get the core that it wants.
        alerts=frozenset({"NearCapacity", "QueueOld"}),
        any_of=True,
        inject=_many_at_once,
        mend=_more_hands,
        verify=_everybody_is_answered,
        steps="hotelero worker was started beside the first process until nothing waited",
    ),
    "token_revoked": Scene(
        alerts=frozenset({"ChannelAccountStopped"}),
        inject=_token_ends,
        mend=_new_token,
        verify=_everybody_is_answered,
        steps="the new token was written into its file",
    ),
    "wrong_signatures": Scene(
        alerts=frozenset({"SignaturesRefused"}),
        inject=_wrong_signatures,
        mend=Stage.quiet,
        verify=_everybody_is_answered,
        steps="the sender was stopped",
    ),
    "backlog": Scene(
        alerts=frozenset({"QueueOld"}),
        inject=partial(_break_and_ask, "meta", Fault.BLACK_HOLE),
        mend=partial(_mend, "meta"),
        verify=_everybody_is_answered,
        steps="the provider came back; the queue drained by itself",
    ),
    "dead_letters": Scene(
        alerts=frozenset({"DeadLetters"}),
        inject=_refused_for_good,
        mend=_replay,
        verify=_everybody_is_answered,
        steps="hotelero replay named it; hotelero replay send/<n> sent it",
    ),
    "errors": Scene(
        alerts=frozenset({"TurnsFail", "PluginFails"}),
        inject=_a_plugin_fails,
        mend=_switch_it_off,
        verify=_nobody_is_handed_over,
        steps="/health/ready named the plugin; it was switched off while guests wrote",
        names={
            "HOTELERO__PLUGINS__TROUBLE__ENABLED": "true",
            "HOTELERO__TENANTS__DEFAULT__NLP": '["trouble", "nlp_local"]',
        },
        plugins={"trouble": TROUBLE.read_text(encoding="utf-8")},
    ),
    "disk": Scene(
        alerts=frozenset({"DiskFilling", "DiskAlmostFull"}),
        inject=_fill_it,
        mend=_make_it_larger,
        verify=_everybody_is_answered,
        steps="the disk that the label names was made larger",
        names={"HOTELERO__MEDIA_STORE": "{folder}/disk/media"},
        around=_a_small_disk,
    ),
    "backup": Scene(
        # The nightly job, every minute.
        alerts=frozenset({"BackupOld", "JobFails"}),
        inject=_backups_fail,
        mend=_back_up_by_hand,
        verify=_everybody_is_answered,
        steps="the log named the folder; it was put right, and a backup made and proved by hand",
        names={
            "HOTELERO__BACKUP_FOLDER": "{folder}/backups",
            "HOTELERO__BACKUP_CRON": "* * * * *",
        },
    ),
}
