"""Backups on both databases: made while the agent runs, proved, put back; broken ones refused."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from agente_hotelero._backup import archives, shelves
from agente_hotelero._db import backups
from agente_hotelero._db.session import connect
from agente_hotelero.cli import main
from agente_hotelero.errors import Rejected
from click.testing import CliRunner

from tests.support.processes import Served, environment, hotelero

PHOTO = b"\x89PNG a guest's photo"


class Installation:
    """A hotel with one conversation and one file of a guest."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.shelf = folder / "backups"
        self.environ = environment(
            database_url,
            HOTELERO__BACKUP_FOLDER=str(self.shelf),
            HOTELERO__MEDIA_STORE=str(folder / "media"),
            SECRET_KEY="the-canary-of-this-test",
        )

    def open(self) -> Installation:
        (self.folder / "media" / "default").mkdir(parents=True)
        (self.folder / "media" / "default" / "photo.png").write_bytes(PHOTO)
        self.say("hola")
        return self

    def say(self, words: str) -> None:
        done = hotelero(["chat", "--chat", "ana"], self.environ, self.folder, says=f"{words}\n")
        assert done.returncode == 0, done.stderr

    def run(self, *arguments: str, ends: int = 0, **more: str) -> str:
        """A command of the line, in this process."""
        done = CliRunner().invoke(main, arguments, env={**self.environ, **more})
        assert done.exit_code == ends, done.output
        assert "the-canary-of-this-test" not in done.output
        return done.output

    def backup(self) -> str:
        self.run("backup")
        return sorted(one.name for one in self.shelf.iterdir())[-1]

    def words(self) -> list[str]:
        database = connect(self.environ["DATABASE_URL"])
        with database.sync_engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT text FROM message ORDER BY id").scalars()
            found = list(rows)
        database.sync_engine.dispose()
        return found


@pytest.fixture
def hotel(tmp_path: Path, database_url: str) -> Installation:
    return Installation(tmp_path, database_url).open()


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seed")
    Installation(folder, f"sqlite:///{folder}/agent.db").open()
    return folder


@pytest.fixture
def small(tmp_path: Path, seed: Path) -> Installation:
    shutil.copytree(seed, tmp_path, dirs_exist_ok=True)
    return Installation(tmp_path, f"sqlite:///{tmp_path}/agent.db")


@pytest.fixture
def empty_postgres(postgres_url: str) -> Iterator[str]:
    """A second empty database."""
    name = postgres_url.rsplit("/", 1)[1] + "_b"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    yield postgres_url.rsplit("/", 1)[0] + f"/{name}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_a_backup_is_proved_by_restoring_it_elsewhere(hotel: Installation) -> None:
    name = hotel.backup()
    (proved,) = json.loads(hotel.run("backup", "verify", "--json"))
    assert proved["name"] == name
    assert proved["rows"] > 10
    assert proved["files"] == 1
    assert proved["conversations"] == 1
    assert "Hotel Demo" in proved["answer"]
    assert proved["seconds"] > 0


def test_what_was_backed_up_comes_back_and_what_came_later_does_not(hotel: Installation) -> None:
    name, before = hotel.backup(), hotel.words()
    hotel.say("¿hay wifi?")
    (hotel.folder / "media" / "default" / "photo.png").unlink()
    assert hotel.words() != before
    assert "--replace" in hotel.run("restore", name, ends=1)
    hotel.run("restore", name, "--replace")
    assert hotel.words() == before
    assert (hotel.folder / "media" / "default" / "photo.png").read_bytes() == PHOTO
    hotel.say("hola")
    assert len(hotel.words()) == len(before) + 2


def test_what_is_replaced_on_sqlite_is_kept_beside_each_time(small: Installation) -> None:
    name = small.backup()
    said = []
    for words in ("¿hay wifi?", "¿hay piscina?"):
        small.say(words)
        said.append(small.words())
        small.run("restore", name, "--replace")
    kept = []
    for file in sorted(small.folder.glob("agent.db.before-restore-*")):
        with closing(sqlite3.connect(file)) as aside:
            kept.append([text for (text,) in aside.execute("SELECT text FROM message ORDER BY id")])
    assert kept == said


def test_what_is_replaced_on_postgres_goes_once_all_is_well(
    tmp_path: Path, postgres_url: str
) -> None:
    hotel = Installation(tmp_path, postgres_url).open()
    hotel.run("restore", hotel.backup(), "--replace")
    assert asides(postgres_url) == []


def asides(postgres_url: str) -> list[str]:
    with psycopg.connect(postgres_url) as admin:
        rows = admin.execute("SELECT nspname FROM pg_namespace").fetchall()
    return [name for (name,) in rows if "before_restore" in name]


def test_a_database_comes_back_when_the_files_of_guests_cannot_be_put(hotel: Installation) -> None:
    name = hotel.backup()
    hotel.say("¿hay wifi?")
    later = hotel.words()
    shutil.rmtree(hotel.folder / "media" / "default")
    (hotel.folder / "media" / "default").write_text("a file where a folder should be")
    for _ in range(2):
        assert "media store" in hotel.run("restore", name, "--replace", ends=1)
        assert hotel.words() == later
    (hotel.folder / "media" / "default").unlink()
    hotel.say("hola")
    assert len(hotel.words()) == len(later) + 2
    hotel.run("restore", name, "--replace")


def test_no_database_is_touched_where_no_file_could_be_kept(hotel: Installation) -> None:
    name, before = hotel.backup(), hotel.words()
    shutil.rmtree(hotel.folder / "media")
    (hotel.folder / "media").write_text("a file where a folder should be")
    stamp = _touched(hotel)
    assert "media store" in hotel.run("restore", name, "--replace", ends=1)
    assert (hotel.words(), _touched(hotel)) == (before, stamp)


def _touched(hotel: Installation) -> object:
    """What changes when a database is put aside and comes back: its tables are other ones."""
    url = hotel.environ["DATABASE_URL"]
    if url.startswith("sqlite"):
        return (hotel.folder / "agent.db").stat().st_ino
    with psycopg.connect(url) as connection:
        query = "SELECT xmin::text FROM pg_namespace WHERE nspname = 'public'"
        return connection.execute(query).fetchone()


def test_without_the_program_that_restores_nothing_is_touched(
    tmp_path: Path, postgres_url: str
) -> None:
    hotel = Installation(tmp_path, postgres_url).open()
    name, before = hotel.backup(), hotel.words()
    stamp = _touched(hotel)
    told = hotel.run("restore", name, "--replace", ends=2, PATH=str(tmp_path))
    assert "pg_restore is not installed" in told
    assert (hotel.words(), _touched(hotel)) == (before, stamp)


def test_a_dump_that_ends_early_leaves_the_database_as_it_was(
    tmp_path: Path, postgres_url: str
) -> None:
    """Its list of contents is whole: only restoring it tells."""
    hotel = Installation(tmp_path, postgres_url).open()
    name = hotel.backup()
    hotel.say("¿hay wifi?")
    later = hotel.words()
    _alter(hotel.shelf / name, tmp_path / "work", _cut)
    assert "pg_restore" in hotel.run("restore", name, "--replace", ends=1)
    assert (hotel.words(), asides(postgres_url)) == (later, [])
    hotel.say("hola")


def test_what_a_killed_restore_left_is_no_part_of_a_backup(
    tmp_path: Path, postgres_url: str
) -> None:
    hotel = Installation(tmp_path, postgres_url).open()
    left = "public_before_restore_20261126t170000"
    with psycopg.connect(postgres_url) as admin:
        admin.execute(f'CREATE SCHEMA "{left}"')
        admin.execute(f'CREATE TABLE "{left}".message AS SELECT * FROM message')
    name = hotel.backup()
    hotel.run("backup", "verify")
    manifest = archives.unpack(hotel.shelf / name, tmp_path / "content")
    assert not [table for table in manifest.tables if left in table]
    listed = subprocess.run(
        ["pg_restore", "--list", tmp_path / "content" / archives.DATABASE],
        capture_output=True,
        text=True,
        check=True,
    )
    assert left not in listed.stdout
    hotel.run("restore", name, "--replace")
    assert asides(postgres_url) == [left]


def test_nothing_is_restored_under_a_running_agent(hotel: Installation) -> None:
    name = hotel.backup()
    with Served(hotel.environ, hotel.folder):
        told = hotel.run(
            "restore", name, "--replace", ends=1 if "postgres" in str(hotel.environ) else 2
        )
    assert "in use" in told or "another process" in told


def test_a_backup_is_made_while_the_agent_works(hotel: Installation) -> None:
    with Served(hotel.environ, hotel.folder):
        hotel.backup()
        hotel.run("backup", "verify")


def test_a_sealed_backup_opens_with_its_key_alone(small: Installation) -> None:
    told = small.run("backup", "key")
    public, secret = re.findall(r"(age1\w+|AGE-SECRET-KEY-\w+)", told)
    sealed: Any = {"HOTELERO__BACKUP_RECIPIENTS": f'["{public}"]'}
    small.run("backup", **sealed)
    (name,) = [one.name for one in small.shelf.iterdir()]
    assert name.endswith(".tar.age")
    body = (small.shelf / name).read_bytes()
    assert body.startswith(b"age-encryption.org/v1")
    assert b"hola" not in body
    assert "backup_identity" in small.run("backup", "verify", ends=2, **sealed)
    other = re.findall(r"AGE-SECRET-KEY-\w+", small.run("backup", "key"))[0]
    told = small.run("backup", "verify", ends=1, HOTELERO__BACKUP_IDENTITY=other, **sealed)
    assert "does not open it" in told
    assert other not in told
    small.run("backup", "verify", HOTELERO__BACKUP_IDENTITY=secret, **sealed)


@pytest.mark.parametrize("harm", ["flip", "cut", "rows"])
def test_a_damaged_backup_is_not_proved(small: Installation, harm: str) -> None:
    file = small.shelf / small.backup()
    body = bytearray(file.read_bytes())
    if harm == "flip":
        body[body.index(b"SQLite format 3") + 5000] ^= 1
    elif harm == "cut":
        del body[len(body) // 2 :]
    file.write_bytes(bytes(body))
    if harm == "rows":
        _alter(file, small.folder / "work", _lose_a_row)
    told = small.run("backup", "verify", ends=1)
    assert {"flip": "files", "cut": "unpacked", "rows": "rows differ in main.message"}[harm] in told


def _alter(file: Path, folder: Path, change: Callable[[Path], None]) -> None:
    """As a careless tool might: the archive is whole, and its database is not."""
    folder.mkdir()
    manifest = archives.unpack(file, folder)
    change(folder / archives.DATABASE)
    files = {**manifest.files, "database": archives._hash_of(folder / "database")}
    (folder / "manifest.json").write_bytes(
        archives.Manifest(**{**vars(manifest), "files": files}).dumped()
    )
    with tarfile.open(file, "w") as tar:
        for name in [*files, "manifest.json"]:
            tar.add(folder / name, name)


def _lose_a_row(dump: Path) -> None:
    with closing(sqlite3.connect(dump)) as database, database:
        database.execute("DELETE FROM message WHERE id = (SELECT max(id) FROM message)")


def _cut(dump: Path) -> None:
    dump.write_bytes(dump.read_bytes()[:-2000])


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "media/../../evil"])
def test_no_name_in_an_archive_leads_out_of_its_folder(tmp_path: Path, name: str) -> None:
    file, inside = tmp_path / "a.tar", tmp_path / "inside"
    inside.mkdir()
    with tarfile.open(file, "w") as tar:
        archives._add(tar, name, b"x")
    with pytest.raises(Rejected, match="elsewhere"):
        archives.unpack(file, inside)


def test_postgres_is_restored_into_another_database(
    tmp_path: Path, postgres_url: str, empty_postgres: str
) -> None:
    """A new server after the old one was lost."""
    old = Installation(tmp_path, postgres_url).open()
    name, words = old.backup(), old.words()
    old.environ["DATABASE_URL"] = empty_postgres
    old.run("restore", name)
    assert old.words() == words
    old.say("hola")


def test_a_backup_of_the_other_database_is_refused(small: Installation, postgres_url: str) -> None:
    name = small.backup()
    assert "sqlite" in small.run("restore", name, ends=1, DATABASE_URL=postgres_url)


def test_no_throw_away_database_stays(tmp_path: Path, postgres_url: str) -> None:
    hotel = Installation(tmp_path, postgres_url).open()
    hotel.backup()
    hotel.run("backup", "verify")
    with psycopg.connect(postgres_url) as admin:
        query = "SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = current_user"
        names = admin.execute(query).fetchall()
    assert not [name for (name,) in names if name.startswith("hotelero_verify")]


def test_without_a_folder_it_is_said_where_to_name_one(small: Installation) -> None:
    del small.environ["HOTELERO__BACKUP_FOLDER"]
    assert "backup_folder: is not set" in small.run("backup", ends=2)


def test_a_backup_on_which_guests_hear_an_apology_is_not_proved(small: Installation) -> None:
    small.backup()
    off = {"HOTELERO__PLUGINS__FRONT_DESK__ENABLED": "false"}
    assert "apology" in small.run("backup", "verify", ends=1, **off)


def test_the_only_backup_that_was_proved_is_kept_however_old_it_is(hotel: Installation) -> None:
    name = hotel.backup()
    hotel.run("backup", "verify")
    proved, *others = [_aged(hotel, name, days) for days in (90, 80, 3, 2)]
    (hotel.shelf / name).unlink()
    _as_if_made(hotel, name, proved)
    _another_second(name)
    newest = hotel.backup()
    assert sorted(one.name for one in hotel.shelf.iterdir()) == [proved, *others[1:], newest]
    assert _last_verified(hotel) == proved
    hotel.run("backup", "verify")
    _another_second(newest)
    hotel.backup()
    assert proved not in hotel.run("backup", "list")
    assert _last_verified(hotel) == newest


def test_an_old_backup_that_is_proved_today_is_no_new_one(hotel: Installation) -> None:
    older, newer = hotel.backup(), ""
    while newer in ("", older):  # names are of whole seconds
        newer = hotel.backup()
    hotel.run("backup", "verify", newer)
    hotel.run("backup", "verify", older)
    assert _last_verified(hotel) == newer


def _another_second(name: str) -> None:
    """Names are of whole seconds."""
    while shelves.name_at(datetime.now(UTC)) == name:
        time.sleep(0.02)


def _aged(hotel: Installation, name: str, days: int) -> str:
    """A copy on the shelf that was made so many days ago, of which the database knows nothing."""
    old = shelves.name_at(datetime.now(UTC) - timedelta(days=days))
    shutil.copyfile(hotel.shelf / name, hotel.shelf / old)
    return old


def _as_if_made(hotel: Installation, name: str, old: str) -> None:
    database = connect(hotel.environ["DATABASE_URL"])
    query = backups.RUN.update().where(backups.RUN.c.name == name)
    with database.sync_engine.begin() as connection:
        connection.execute(query.values(name=old, made_at=shelves._made_at(old)))
    database.sync_engine.dispose()


def _last_verified(hotel: Installation) -> str:
    async def asked() -> str:
        database = connect(hotel.environ["DATABASE_URL"])
        async with database.sessions() as session:
            found = await backups.last_verified(session)
        await database.close()
        return found.name if found else ""

    return asyncio.run(asked())


def _named(hotel: Installation, name: str) -> None:
    """A row that says that the file is kept."""
    row = f"9, 'default', 1, '{name}', '', 1, 'stored', 1, '', '2026-11-26'"
    columns = "event_id, tenant, conversation_id, name, mime_type, size, state, attempts, error, at"
    with closing(sqlite3.connect(hotel.folder / "agent.db")) as database, database:
        database.execute(f"INSERT INTO media_file ({columns}) VALUES ({row})")


def test_files_that_came_after_a_backup_are_told_by_its_restore_and_go_when_wished(
    small: Installation,
) -> None:
    media = small.folder / "media"
    kept, later = (f"default/{digit * 32}.png" for digit in "ab")
    others = [f"another_hotel/{'c' * 32}.png", "default/photo.png", "default/notes.txt"]
    (media / "another_hotel").mkdir()
    for name in (kept, *others):
        (media / name).write_bytes(PHOTO)
    _named(small, kept)
    backup = small.backup()
    assert "files of guests" not in small.run("restore", backup, "--replace")
    (media / later).write_bytes(PHOTO)
    assert "1 files of guests came later" in small.run("restore", backup, "--replace")
    assert small.run("backup", "orphans") == f"{later}\n1 files\n"
    assert small.run("backup", "orphans", "--delete") == f"{later}\n1 files deleted\n"
    assert small.run("backup", "orphans") == "0 files\n"
    left = [one.relative_to(media).as_posix() for one in media.rglob("*") if one.is_file()]
    assert sorted(left) == sorted([kept, *others])


def test_a_backup_without_a_file_that_a_row_names_is_not_proved(small: Installation) -> None:
    _named(small, "default/photo.png")
    small.backup()
    small.run("backup", "verify")
    shutil.rmtree(small.folder / "media")
    small.run("backup", "--to", str(small.folder / "other"))
    at = {"HOTELERO__BACKUP_FOLDER": str(small.folder / "other")}
    assert "1 files of guests are missing" in small.run("backup", "verify", ends=1, **at)


@pytest.mark.anyio
async def test_what_a_killed_copy_left_on_the_shelf_goes_a_day_later(tmp_path: Path) -> None:
    file, shelf = tmp_path / "made.tar", tmp_path / "shelf"
    file.write_bytes(b"a backup")
    shelf.mkdir()
    killed, running = (shelf / f"{shelves.name_at(_days_ago(n))}.part" for n in (2, 0))
    for part in (killed, running):
        part.write_bytes(b"half a back")
    os.utime(killed, times=(_days_ago(2).timestamp(),) * 2)
    name = shelves.name_at(_days_ago(1))
    await shelves.FolderShelf(shelf).put(name, file)
    assert sorted(one.name for one in shelf.iterdir()) == [name, running.name]


@pytest.mark.anyio
async def test_a_file_that_looks_like_a_backup_of_no_day_stops_no_retention(tmp_path: Path) -> None:
    shelf = shelves.FolderShelf(tmp_path)
    names = [shelves.name_at(_days_ago(days)) for days in (40, 3, 2, 1)]
    for name in (*names, "hotelero-20261399T000000Z.tar"):
        (tmp_path / name).touch()
    assert await shelves.forget(shelf, 30, datetime.now(UTC), keep=None) == names[:1]
    assert await shelf.names() == names[1:]


def _days_ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)
