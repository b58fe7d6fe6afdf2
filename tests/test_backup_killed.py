"""What a backup leaves behind that was ended while it was proved: told to, nothing; killed, what
the next proof a day later takes away."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from agente_hotelero._backup import making, throwaway, verifying
from agente_hotelero._db.session import connect
from agente_hotelero._operator import migrate
from agente_hotelero._runtime import jobs
from agente_hotelero._runtime.engine import Engine
from agente_hotelero._runtime.jobs import Planned
from agente_hotelero.config import Settings
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from tests.support.hotels import two_hotels
from tests.support.processes import HOTELERO, Served, environment

PATIENCE = 120.0
THREE_DAYS = timedelta(days=3)
NIGHTLY = "30 3 * * *"
HEX = "0123456789ab"


@dataclass(frozen=True, kw_only=True)
class Server:
    """A user of the server who may make databases: what is his is of this test."""

    admin: str
    role: str
    url: str

    def names(self) -> set[str]:
        query = "SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = %s"
        with psycopg.connect(self.admin) as connection:
            return {name for (name,) in connection.execute(query, (self.role,)).fetchall()}

    def run(self, *statements: str) -> None:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def make(self, *names: str) -> None:
        self.run(*(f'CREATE DATABASE "{name}" OWNER "{self.role}"' for name in names))

    def drop(self) -> None:
        self.run(*(f'DROP DATABASE "{name}" WITH (FORCE)' for name in self.names()))
        self.run(f'DROP ROLE "{self.role}"')

    def age(self, by: timedelta) -> None:
        """As if its databases had been made so much earlier."""
        query = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{}'"
        for name in self.names():
            old = throwaway.name_at(datetime.now(UTC) - by)
            self.run(query.format(name), f'ALTER DATABASE "{name}" RENAME TO "{old}"')


@pytest.fixture
def server(postgres_url: str) -> Iterator[Server]:
    role = f"hotelero_{uuid.uuid4().hex[:12]}"
    url = make_url(postgres_url).set(username=role, password="a-word")
    made = Server(admin=postgres_url, role=role, url=url.render_as_string(hide_password=False))
    made.run(f"CREATE ROLE \"{role}\" LOGIN CREATEDB PASSWORD 'a-word'")
    yield made
    made.drop()


@dataclass(frozen=True, kw_only=True)
class Proofs:
    """An installation whose backups are proved in a folder of its own, and on a server if it is
    on one."""

    settings: Settings
    place: Path
    server: Server | None

    def left(self) -> set[str]:
        """Folders and databases that are there."""
        folders = {one.name for one in self.place.iterdir()} if self.place.is_dir() else set()
        return folders | (self.server.names() if self.server else set())

    def begun(self) -> bool:
        """Whether one is proved now: it is unpacked, and there is a place to restore it to."""
        folders = list(self.place.iterdir()) if self.place.is_dir() else []
        return len(folders) == 2 and (self.server is None or len(self.server.names()) == 1)

    def age(self, by: timedelta) -> None:
        for folder in self.place.iterdir():
            os.utime(folder, (0, time.time() - by.total_seconds()))
        if self.server:
            self.server.age(by)

    def prove(self) -> None:
        async def newest() -> None:
            shelf = making.shelf_of(self.settings)
            await verifying.verify(self.settings, shelf, await verifying.newest(shelf))

        asyncio.run(newest())


@pytest.fixture(params=["sqlite", "postgresql"])
def proofs(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Proofs:
    place, server = tmp_path / "tmp", None
    monkeypatch.setenv("TMPDIR", str(place))
    url, changes = f"sqlite:///{tmp_path}/a.db", {"backup_folder": str(tmp_path / "backups")}
    settings = two_hotels(url, whatsapp="http://127.0.0.1:1")
    if request.param == "postgresql":
        server = request.getfixturevalue("server")
        settings = two_hotels(server.admin, whatsapp="http://127.0.0.1:1")
        settings = settings.model_copy(update={"backup_verify_url": SecretStr(server.url)})
    changes["media_store"] = str(tmp_path / "media")
    settings = settings.model_copy(update=changes)
    asyncio.run(migrate(settings))
    return Proofs(settings=settings, place=place, server=server)


@contextmanager
def child(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """The nightly job's."""
    command = [sys.executable, "-m", "agente_hotelero._backup"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin
        process.stdin.write(pickle.dumps(settings))
        process.stdin.close()
        try:
            yield process
        finally:
            process.kill()


def wait_for(proofs: Proofs, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not proofs.begun():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_a_proof_left_that_was_killed_goes_with_the_next_a_day_later(proofs: Proofs) -> None:
    with child(proofs.settings) as process:
        wait_for(proofs, process)
        process.kill()
        process.wait()
    assert len(proofs.left()) == (3 if proofs.server else 2)
    proofs.age(timedelta(hours=23))
    young = proofs.left()
    proofs.prove()
    assert proofs.left() == young
    proofs.age(THREE_DAYS)
    proofs.prove()
    assert proofs.left() == set()


def test_a_proof_that_is_told_to_end_leaves_nothing(
    proofs: Proofs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "ENDING_SECONDS", PATIENCE)

    async def cancelled() -> None:
        job = asyncio.ensure_future(jobs.backup(proofs.settings).run())
        while not proofs.begun():
            assert not job.done()
            await asyncio.sleep(0.01)
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job

    asyncio.run(asyncio.wait_for(cancelled(), 2 * PATIENCE))
    assert proofs.left() == set()


def test_a_proof_by_hand_that_is_told_to_end_leaves_nothing(tmp_path: Path, server: Server) -> None:
    place, shelf = tmp_path / "tmp", tmp_path / "backups"
    environ = environment(
        server.admin,
        HOTELERO__BACKUP_FOLDER=str(shelf),
        HOTELERO__BACKUP_VERIFY_URL=server.url,
        HOTELERO__MEDIA_STORE=str(tmp_path / "media"),
        SECRET_KEY="the-canary-of-this-test",
        TMPDIR=str(place),
    )
    subprocess.run([HOTELERO, "backup"], env=environ, cwd=tmp_path, check=True)
    command = [HOTELERO, "backup", "verify"]
    with subprocess.Popen(command, env=environ, cwd=tmp_path, stderr=subprocess.PIPE) as process:
        proofs = Proofs(settings=Settings(), place=place, server=server)
        wait_for(proofs, process)
        process.terminate()
        _, told = process.communicate(timeout=PATIENCE)
    assert (process.returncode, proofs.left()) == (128 + signal.SIGTERM, set())
    assert b"Traceback" not in told


def test_no_process_of_a_backup_outlives_its_agent(tmp_path: Path) -> None:
    """Not even one that does not end: this one stands still, over the engine's grace time too."""
    url, place = f"sqlite:///{tmp_path}/a.db", tmp_path / "tmp"
    environ = environment(
        url,
        HOTELERO__BACKUP_FOLDER=str(tmp_path / "backups"),
        HOTELERO__BACKUP_CRON=NIGHTLY,
        HOTELERO__MEDIA_STORE=str(tmp_path / "media"),
        SECRET_KEY="the-canary-of-this-test",
        TMPDIR=str(place),
    )
    with Served(environ, tmp_path) as served:
        asyncio.run(_due_now(url))
        proofs = Proofs(settings=Settings(), place=place, server=None)
        wait_for(proofs, served.process)
        (backup,) = _backups_of(served.process.pid)
        os.kill(backup, signal.SIGSTOP)
        served.process.terminate()
        served.process.wait(PATIENCE)
    try:
        os.kill(backup, signal.SIGKILL)
    except ProcessLookupError:
        return
    pytest.fail("it is still there")


async def _due_now(url: str) -> None:
    """The night's backup, as if its time had come."""
    database, now = connect(url), datetime.now(UTC)
    at = Planned(cron=NIGHTLY, zone=ZoneInfo("UTC"), run=_nothing).next_after(now)
    await Engine(database).reschedule("job", f"{jobs.BACKUP}@{at.isoformat()}", now, now)
    await database.close()


async def _nothing() -> None:
    return None


def _backups_of(pid: int) -> list[int]:
    command = ["pgrep", "-P", str(pid), "-f", "agente_hotelero._backup"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [int(one) for one in done.stdout.split()]


def test_old_throw_away_databases_go_and_no_other_is_touched(server: Server) -> None:
    now, other = datetime.now(UTC), uuid.uuid4().hex[:12]
    old, young = throwaway.name_at(now - THREE_DAYS), throwaway.name_at(now)
    undated = f"hotelero_verify_{other}"
    stay = {young, f"{old}_b", f"x{old}", f"{old}0", f"{undated}0", f"hotelero_prove_{other}"}
    server.make(old, undated, *stay)
    with throwaway.database(make_url(server.url)) as made:
        assert server.names() == {*stay, made.database}
    assert server.names() == stay


def test_an_undated_database_in_which_an_older_version_works_stays(server: Server) -> None:
    undated = f"hotelero_verify_{uuid.uuid4().hex[:12]}"
    server.make(undated)
    used = make_url(server.url).set(database=undated).render_as_string(hide_password=False)
    with psycopg.connect(used), throwaway.database(make_url(server.url)):
        assert undated in server.names()
    with throwaway.database(make_url(server.url)):
        assert undated not in server.names()


def test_what_another_process_drops_at_the_same_moment_disturbs_nobody(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = [throwaway.name_at(datetime.now(UTC) - THREE_DAYS) for _ in range(2)]
    server.make(*old)
    drop = throwaway._drop

    def late(connection: object, name: str, how: str = "") -> None:
        if name in server.names():
            server.run(f'DROP DATABASE "{name}"')
        drop(connection, name, how)  # type: ignore[arg-type]

    monkeypatch.setattr(throwaway, "_drop", late)
    with throwaway.database(make_url(server.url)) as made:
        assert server.names() == {made.database}


def test_a_name_tells_when_a_throw_away_database_was_made() -> None:
    at = datetime(2026, 11, 26, 19, 45, tzinfo=UTC)
    assert throwaway.name_at(at).startswith("hotelero_verify_20261126t194500_")
    assert throwaway.made_at(throwaway.name_at(at)) == at


@pytest.mark.parametrize(
    "name",
    [
        f"hotelero_verify_{HEX}",
        f"hotelero_verify_20261126t194500_{HEX}\n",
        f"hotelero_verify_20261126t194500_{HEX.upper()}",
        f"hotelero_verify_20261326t194500_{HEX}",
        f"hotelero_verify_٢٠٢٦١١٢٦t194500_{HEX}",
        f"hotelero-verify-20261126t194500-{HEX}",
    ],
)
def test_no_other_name_tells_of_an_instant(name: str) -> None:
    assert throwaway.made_at(name) is None
