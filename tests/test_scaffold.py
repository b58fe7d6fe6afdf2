"""`hotelero new pms` writes an adapter that is good as it stands: linted, typed, tested, in use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import orjson
import pytest
from agente_hotelero import _new
from agente_hotelero.cli import main
from click.testing import CliRunner
from packaging.requirements import Requirement

from tests.support.adapters import run, served, unpacked_wheel
from tests.support.processes import environment, hotelero

ROOT = Path(__file__).parent.parent
LIVING = ROOT / "core/src/agente_hotelero/_scaffold/pms"
NAME = "grand_harbour"
ARRIVAL = datetime.now(UTC).date() + timedelta(days=30)
DEPARTURE = ARRIVAL + timedelta(days=2)
pytestmark = pytest.mark.timeout(400)
HOTEL = f"""
[plugins.pms_{NAME}]
enabled = true

[plugins.nlp_local]
enabled = true

[tenants.harbour]
name = "Grand Harbour"
pms = "pms_{NAME}"

[tenants.harbour.plugins.pms_{NAME}]
base_url = "https://pms.example"
api_key = "k"
"""


def new(*arguments: str) -> tuple[int, str]:
    """Exit code and words of `hotelero new`."""
    done = CliRunner().invoke(main, ["new", *arguments])
    return done.exit_code, done.output


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new adapter, fresh from the command."""
    into = tmp_path_factory.mktemp("plugins")
    code, _ = new("pms", NAME, "--into", str(into))
    assert code == 0
    return into / "agente-hotelero-pms-grand-harbour"


@pytest.fixture(scope="module")
def site(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It as other processes find it."""
    return unpacked_wheel(made, tmp_path_factory.mktemp("site"))


def test_the_living_plugin_passes_its_own_tests() -> None:
    run("pytest", "-q", "tests/test_adapter.py", cwd=LIVING)


def test_a_new_one_passes_its_own_tests(made: Path) -> None:
    told = run("pytest", "-q", cwd=made)
    assert "TestConformance: gold" in told


def test_a_new_one_is_typed(made: Path) -> None:
    run("mypy", cwd=made)


@pytest.mark.parametrize("name", ["x", NAME, "propertymanagementsystem", "zz_9"])
def test_a_new_one_is_linted_and_formatted_whatever_its_name(name: str, tmp_path: Path) -> None:
    folder = _new.plugin("pms", name, tmp_path)
    run("ruff", "check", ".", cwd=folder)
    run("ruff", "format", "--check", ".", cwd=folder)


def test_a_new_one_has_its_name_everywhere(made: Path) -> None:
    files = [path for path in made.rglob("*") if path.is_file() and ".pyc" not in path.suffixes]
    for path in files:
        if "cache" not in str(path):
            assert "acme" not in (str(path) + path.read_text(encoding="utf-8")).lower(), path
    assert (made / f"src/agente_hotelero_pms_{NAME}/py.typed").exists()
    assert (made / ".gitignore").exists()


def test_what_tools_leave_behind_is_not_copied(tmp_path: Path) -> None:
    (LIVING / "tests/__pycache__").mkdir(exist_ok=True)
    copied = _new.plugin("pms", "clean", tmp_path)
    assert not [path for path in copied.rglob("*") if "cache" in path.name]


def test_it_fits_this_core() -> None:
    text = (LIVING / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'"(agente-hotelero-core>[^"]+)"', text)
    assert found is not None
    assert Requirement(found[1]).specifier.contains(version("agente-hotelero-core"))


def test_it_is_an_active_plugin(site: Path, tmp_path: Path) -> None:
    (tmp_path / "hotel.toml").write_text(HOTEL, encoding="utf-8")
    environ = environment(f"sqlite:///{tmp_path}/a.db", PYTHONPATH=str(site))
    told = orjson.loads(hotelero(["plugins", "--json"], environ, tmp_path).stdout)
    (record,) = [one for one in told if one["name"] == f"pms_{NAME}"]
    assert (record["state"], record["version"]) == ("active", "0.1.0")
    checked = hotelero(["config", "check"], environ, tmp_path)
    assert "good: harbour" in checked.stdout, checked.stderr


@pytest.fixture
def stand_in(site: Path, tmp_path: Path) -> Iterator[str]:
    """The address of its PMS, served as its README says."""
    with served(f"agente_hotelero_pms_{NAME}.testing:app", site, tmp_path / "log") as url:
        yield url


def test_a_guest_books_through_it(stand_in: str, site: Path, tmp_path: Path) -> None:
    said = [
        f"I need a double room from {ARRIVAL:%B} {ARRIVAL.day} to {DEPARTURE:%B} {DEPARTURE.day}, "
        f"{DEPARTURE.year} for two",
        "the first one",
        "Emma O'Neill, emma@example.co.uk",
        "yes please",
    ]
    environ = environment(
        f"sqlite:///{tmp_path}/a.db",
        PYTHONPATH=str(site),
        PMS_TYPE=NAME,
        PMS_BASE_URL=stand_in,
        PMS_API_KEY="stand-in-key",
    )
    done = hotelero(["chat"], environ, tmp_path, says="\n".join(said))
    assert "reference is R00001" in done.stdout, done.stdout + done.stderr[-2000:]


def test_the_next_steps_are_told(tmp_path: Path) -> None:
    code, told = new("pms", "acme", "--into", str(tmp_path))
    assert code == 0
    folder = tmp_path / "agente-hotelero-pms-acme"
    assert f"cd {folder}\n" in told
    assert "[plugins.pms_acme]" in told
    assert folder.is_dir()


@pytest.mark.parametrize(
    "name", ["", "Acme", "9lives", "a-b", "a.b", "../up", "a__b", "a_", "_a", "ñandú", "a" * 25]
)
def test_a_bad_name_is_refused(name: str, tmp_path: Path) -> None:
    code, told = new("pms", name, "--into", str(tmp_path))
    assert code == 2
    assert "is not a good name" in told
    assert list(tmp_path.iterdir()) == []


def test_the_name_of_an_installed_plugin_is_refused(tmp_path: Path) -> None:
    code, told = new("pms", "mock", "--into", str(tmp_path))
    assert (code, list(tmp_path.iterdir())) == (2, [])
    assert "pms_mock is installed already" in told


def test_what_is_there_is_not_touched(tmp_path: Path) -> None:
    theirs = tmp_path / "agente-hotelero-pms-acme"
    theirs.mkdir()
    (theirs / "README.md").write_text("mine")
    code, told = new("pms", "acme", "--into", str(tmp_path))
    assert code == 2
    assert "exists already; nothing was written" in told
    assert [path.read_text() for path in theirs.iterdir()] == ["mine"]
    assert list(tmp_path.iterdir()) == [theirs]


def test_a_folder_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    code, told = new("pms", "acme", "--into", str(tmp_path / "nowhere"))
    assert code == 2
    assert "does not exist" in told


def test_a_copy_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(folder: Path, name: str) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(_new, "_rename", fail)
    with pytest.raises(OSError, match="no space"):
        _new.plugin("pms", "acme", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_kinds_of_plugin_are_listed() -> None:
    _, told = new("--help")
    kinds = sorted(path.name for path in LIVING.parent.iterdir() if path.is_dir())
    assert kinds == ["pms"]
    assert re.search(r"^  pms +An adapter", told, re.MULTILINE)
