"""What the tutorial shows is the real code, and what it says to do leads to a booked room."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from agente_hotelero import _new

from tests.support.adapters import free_port, run, served, unpacked_wheel
from tests.support.processes import environment, hotelero

ROOT = Path(__file__).parent.parent
TUTORIAL = ROOT / "docs" / "tutorial"
PAGE = (TUTORIAL / "pms-adapter.md").read_text(encoding="utf-8")
FILES = (
    TUTORIAL / "pms_seaside.py",
    TUTORIAL / "seaside.py",
    ROOT / "tests/test_seaside_conformance.py",
)
CODE = [path.read_text(encoding="utf-8") for path in FILES]
PACKAGE = "agente_hotelero_pms_seaside"
ARRIVAL = datetime.now(UTC).date() + timedelta(days=30)
DEPARTURE = ARRIVAL + timedelta(days=2)
pytestmark = pytest.mark.timeout(400)
# Every command of the page, in order; the tests below do each of them.
COMMANDS = """\
hotelero new pms seaside
cd agente-hotelero-pms-seaside
python -m pip install -e ".[dev]"
python -m pytest
python -m pytest
hotelero check-plugin pms_seaside
export SEASIDE_KEY=seaside-demo
hotelero config check
hotelero plugins
python -m uvicorn agente_hotelero_pms_seaside.testing:app --port 9000
hotelero chat
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.+?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("excerpt", blocks("python"), ids=lambda text: text.split("(")[0].strip())
def test_every_excerpt_is_in_the_real_files(excerpt: str) -> None:
    assert any(excerpt in text for text in CODE)


def test_the_commands_are_those_that_the_tests_do() -> None:
    assert "".join(blocks("sh")) == COMMANDS


def test_every_operation_of_the_adapter_is_explained() -> None:
    shown = "".join(blocks("python"))
    for operation in re.findall(r"^    (?:async )?def ([a-z]\w+)", CODE[0], re.MULTILINE):
        if operation not in {"properties", "room_types"}:
            assert f"def {operation}(" in shown, operation


def test_the_files_that_it_shows_around_are_there() -> None:
    table = PAGE.partition("| file | what |")[2].partition("\n\n")[0]
    living = ROOT / "core/src/agente_hotelero/_scaffold/pms"
    names = {path.name for path in living.rglob("*")}
    told = {Path(name).name for name in re.findall(r"`([^`]+\.\w+)`", table)}
    assert told
    assert told <= names


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a reader has in the end, with every file put where the page says."""
    made = _new.plugin("pms", "seaside", tmp_path_factory.mktemp("reader"))
    source, tests = made / "src" / PACKAGE, made / "tests"
    shutil.copy(TUTORIAL / "seaside.py", source / "testing.py")
    shutil.copy(TUTORIAL / "pms_seaside.py", source / "adapter.py")
    for name in ("config", "client", "wire", "values"):
        (source / f"{name}.py").unlink()
    (tests / "conftest.py").unlink()
    (tests / "test_adapter.py").unlink()
    moved = CODE[2].replace("docs.tutorial.pms_seaside", f"{PACKAGE}.adapter")
    moved = moved.replace("docs.tutorial.seaside", f"{PACKAGE}.testing")
    (tests / "test_conformance.py").write_text(moved, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def site(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked_wheel(package, tmp_path_factory.mktemp("site"))


def test_the_readers_package_has_gold(package: Path) -> None:
    assert "TestSeaside: gold" in run("pytest", "-q", cwd=package)


def test_the_reader_switches_it_on_and_books(site: Path, tmp_path: Path) -> None:
    port = free_port()
    (toml,) = blocks("toml")
    (tmp_path / "hotel.toml").write_text(toml.replace(":9000", f":{port}"), encoding="utf-8")
    environ = environment(
        f"sqlite:///{tmp_path}/a.db", PYTHONPATH=str(site), SEASIDE_KEY="seaside-demo"
    )
    checked = hotelero(["config", "check"], environ, tmp_path)
    assert "the configuration is good: seaside" in checked.stdout, checked.stderr
    listed = hotelero(["plugins"], environ, tmp_path).stdout
    assert re.search(r"name=pms_seaside .*state=active", listed)
    with served(f"{PACKAGE}.testing:app", site, tmp_path / "log", port=port) as url:
        said = [
            f"I need a double room from {ARRIVAL:%B} {ARRIVAL.day} to {DEPARTURE:%B} "
            f"{DEPARTURE.day}, {DEPARTURE.year} for two",
            "the first one",
            "Emma O'Neill, emma@example.co.uk",
            "yes please",
        ]
        done = hotelero(["chat"], environ, tmp_path, says="\n".join(said))
        assert "reference is SEA-0001" in done.stdout, done.stdout + done.stderr[-2000:]
        held = httpx.get(f"{url}/bookings", headers={"X-Key": "seaside-demo"}).json()["bookings"]
    assert [(one["guest"], bool(one["ref"])) for one in held] == [("Emma O'Neill", True)]
