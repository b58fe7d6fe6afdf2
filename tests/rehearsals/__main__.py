"""Play the runbooks: `python -m tests.rehearsals [scene …]` (`make rehearse`)."""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from benchmarks.measure import table
from conftest import POSTGRES, REDIS
from tests.chaos.arena import arena
from tests.rehearsals.scenes import SCENES
from tests.rehearsals.stage import Scene, Stage
from tests.rehearsals.watchtower import Watchtower

HEADER = ["scene", "alerts", "seen after s", "what was done", "well again after s"]
TOKEN = {
    "HOTELERO__TENANTS__DEFAULT__PLUGINS__CHANNEL_WHATSAPP__ACCESS_TOKEN": (
        '{ "$file" = "access_token" }'
    )
}


def play(name: str, scene: Scene, folder: Path, postgres: str, redis: str) -> list[str]:
    """One scene, and the times it took. Raises what went otherwise than the runbook says."""
    (folder / "access_token").write_text("t")
    names = {**TOKEN, **scene.environ(folder)}
    with (
        scene.around(folder),
        arena(folder, postgres, redis, plugins=scene.plugins, **names) as place,
    ):
        stage = Stage(place)
        with Watchtower(place.cluster.agents[0].url, folder / "prometheus") as tower:
            assert "RED-WIFI" in stage.ask("¿hay wifi?")
            tower.wait(lambda: not scene.alerts & tower.firing())
            try:
                scene.inject(stage)
                seen = tower.wait(lambda: scene.told(tower.firing()))
                begun = time.monotonic()
                scene.mend(stage)
                scene.verify(stage)
                tower.wait(lambda: not scene.alerts & tower.firing())
                well = time.monotonic() - begun
            finally:
                stage.quiet()
    return [name, ", ".join(sorted(scene.alerts)), f"{seen:.0f}", scene.steps, f"{well:.0f}"]


@contextmanager
def database() -> Iterator[str]:
    name = f"hotelero_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(POSTGRES, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield POSTGRES.rsplit("/", 1)[0] + f"/{name}"
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def main(names: Sequence[str]) -> int:
    rows, wrong = [], 0
    for name in names or SCENES:
        with tempfile.TemporaryDirectory() as folder, database() as url:
            try:
                rows.append(play(name, SCENES[name], Path(folder), url, REDIS))
            # Told in the table: the other scenes are played all the same.
            except Exception as error:
                traceback.print_exc()
                wrong += 1
                rows.append([name, "", "", f"went wrong: {type(error).__name__}: {error}", ""])
        print(rows[-1], file=sys.stderr, flush=True)
    print(f"\n{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores\n")
    print(table(HEADER, rows))
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
