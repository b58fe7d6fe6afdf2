"""Where a backup is made and unpacked: on a disk that is named, and no more of it than must be."""

from __future__ import annotations

import asyncio
import os
import tarfile
import tempfile
import time
from pathlib import Path

import pytest
from agente_hotelero._backup import archives, making
from agente_hotelero._operator import migrate
from agente_hotelero.config import Settings
from agente_hotelero.errors import Rejected
from pydantic import SecretStr

DAY = 24 * 3600


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for what is temporary that nobody has made."""
    folder = tmp_path / "volume" / "tmp"
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    secret, public = archives.new_keys()
    return Settings(
        database_url=SecretStr(f"sqlite:///{tmp_path}/agent.db"),
        media_store=str(tmp_path / "media"),
        backup_folder=str(tmp_path / "backups"),
        backup_recipients=(public,),
        backup_identity=SecretStr(secret),
    )


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "not sealed"])
def test_what_was_unpacked_is_not_there_packed_as_well(
    place: Path, settings: Settings, sealed: bool
) -> None:
    if not sealed:
        settings = settings.model_copy(update={"backup_recipients": ()})

    async def there() -> list[str]:
        shelf = making.shelf_of(settings)
        await migrate(settings)
        made = await making.make(settings, shelf)
        async with making.opened(settings, shelf, made.name) as (_, content):
            assert content.is_relative_to(place)
            return sorted(one.name for one in content.parent.iterdir())

    assert asyncio.run(there()) == ["content"]
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("named", [True, False], ids=["TMPDIR", "no TMPDIR"])
def test_what_a_killed_process_left_goes_a_day_later(
    place: Path, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    if not named:
        monkeypatch.delenv("TMPDIR")
        monkeypatch.setattr(tempfile, "tempdir", str(place))
    made, proved = place / "hotelero-backup-a", place / "hotelero-verify-a"
    used, foreign, link = (place / name for name in ("hotelero-backup-b", "c", "hotelero-backup-c"))
    for folder in (made, proved, used, foreign):
        folder.mkdir(parents=True)
        (folder / "dump").write_text("a guest")
    link.symlink_to(foreign)
    for folder in (made, proved, foreign, link):
        os.utime(folder, (0, time.time() - DAY - 60), follow_symlinks=False)
    with making.workshop() as folder:
        assert set(place.iterdir()) == {used, foreign, link, folder}
    assert (foreign / "dump").exists()


def test_a_thread_that_nobody_waits_for_brings_no_folder_back(place: Path, tmp_path: Path) -> None:
    tar = tmp_path / "a.tar"
    with tarfile.open(tar, "w") as packed:
        archives._add(packed, "media/default/photo.png", b"a guest")
    with making.workshop() as folder:
        content = folder / "content"
        content.mkdir()
    with pytest.raises(Rejected):
        archives.unpack(tar, content)
    assert list(place.iterdir()) == []
