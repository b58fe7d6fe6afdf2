"""Core and three plugins as wheels, in an empty environment outside the checkout, do their work."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.processes import environment

ROOT = Path(__file__).parent.parent
PARTS = ("core", "plugins/front_desk", "plugins/nlp_local", "plugins/pms_mock")
SCAFFOLD = ROOT / "core/src/agente_hotelero/_scaffold"
ARRIVAL = datetime.now(UTC).date() + timedelta(days=30)


def run(*command: str, cwd: Path) -> None:
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment's `bin`; the wheels are built here and installed with what they need."""
    folder = tmp_path_factory.mktemp("elsewhere")
    for part in PARTS:
        build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir")
        run(*build, str(folder / "dist"), str(ROOT / part), cwd=folder)
    run(sys.executable, "-m", "venv", str(folder / "venv"), cwd=folder)
    wheels = [str(wheel) for wheel in (folder / "dist").glob("*.whl")]
    assert len(wheels) == len(PARTS)
    pip = [str(folder / "venv/bin/python"), "-m", "pip", "install", "--quiet", *wheels]
    done = subprocess.run(pip, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0 and not os.environ.get("CI"):
        pytest.skip("the packages that the wheels need cannot be fetched here")
    assert done.returncode == 0, done.stderr
    return folder / "venv" / "bin"


@pytest.mark.timeout(600)
def test_wheels_alone_book_a_room(installed: Path, tmp_path: Path) -> None:
    departure = ARRIVAL + timedelta(days=2)
    said = [
        f"I need a double room from {ARRIVAL:%B} {ARRIVAL.day} to {departure:%B} {departure.day}, "
        f"{departure.year} for two",
        "the first one",
        "Emma O'Neill, emma@example.co.uk",
        "yes please",
    ]
    done = subprocess.run(
        [str(installed / "hotelero"), "chat"],
        env=environment(f"sqlite:///{tmp_path}/agent.db"),
        cwd=tmp_path,
        input="\n".join(said),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert re.search(r"reference is SOL-\w+", done.stdout), done.stdout + done.stderr[-2000:]


def test_wheels_alone_begin_a_plugin(installed: Path, tmp_path: Path) -> None:
    run(str(installed / "hotelero"), "new", "pms", "acme", cwd=tmp_path)
    tracked = subprocess.run(
        ["git", "ls-files", "pms"], cwd=SCAFFOLD, capture_output=True, text=True, check=True
    ).stdout.split()
    made = tmp_path / "agente-hotelero-pms-acme"
    files = [path.relative_to(made) for path in made.rglob("*") if path.is_file()]
    assert sorted(files) == sorted(Path(name).relative_to("pms") for name in tracked)
