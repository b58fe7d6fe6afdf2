"""`hotelero check-plugin` as an operator runs it: findings, grade, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import distributions

ROOT = Path(__file__).parent.parent
PROJECT = """
[project]
name = "agente-hotelero-pms-toy"

[project.entry-points."agente_hotelero.plugins"]
pms_toy = "pms_toy"
"""
# Set up as the distribution of a test is, with a module that is not called as it should be.
TOY = """
from agente_hotelero import PluginConfig, PmsAdapter, hookimpl
from pydantic import BaseModel, ConfigDict

class Loose(PluginConfig):
    model_config = ConfigDict(extra="allow")

class ToyPms(PmsAdapter):
    config_class = Loose

@hookimpl
def register_pms_adapters():
    return [ToyPms]
"""
KIT = """
import pytest
from agente_hotelero.testing.pms import PmsAdapterTests

class TestToy(PmsAdapterTests):
    @pytest.fixture
    def http(self):
        pytest.skip("no TOY_TOKEN")

    @pytest.fixture
    def make_adapter(self):
        return None

    @pytest.fixture
    def hotel(self):
        return None
"""

# Keeps what guests say in two places, and erases as many of them as a test tells it to.
NOTEBOOK = """
from agente_hotelero import PersonalData, PluginSchema, hookimpl
from agente_hotelero.schema import new_metadata
from sqlalchemy import delete, select
from sqlmodel import Field, SQLModel

class Table(SQLModel):
    metadata = new_metadata()

class Line(Table, table=True):
    __tablename__ = "notebook_line"
    id: int | None = Field(default=None, primary_key=True)
    tenant: str
    address: str
    words: str

class Heading(Table, table=True):
    __tablename__ = "notebook_heading"
    id: int | None = Field(default=None, primary_key=True)
    tenant: str
    address: str
    name: str

def his(table, services, address):
    return (table.tenant == services.tenant, table.address == address)

async def export(services, address):
    async with services.sessions() as session:
        lines = (await session.scalars(select(Line).where(*his(Line, services, address)))).all()
    return {"lines": [one.words for one in lines]} if lines else {}

async def erase(services, address):
    gone = 0
    async with services.sessions() as session, session.begin():
        for table in ERASED:
            rule = delete(table).where(*his(table, services, address))
            gone += (await session.execute(rule)).rowcount
    return gone

@hookimpl
def register_schema():
    return PluginSchema(metadata=Table.metadata, migrations="nowhere", prefix="notebook")

@hookimpl
def register_personal_data():
    return PersonalData(export=export, erase=erase)
"""
LEAVES, MENDED = "ERASED = [Line]", "ERASED = [Line, Heading]"
NOTEBOOK_TESTS = """
from agente_hotelero.testing.personal import PersonalDataTests
from agente_hotelero_notebook import Heading, Line, register_personal_data, register_schema

class TestNotebook(PersonalDataTests):
    def schema(self):
        return register_schema()

    def personal_data(self):
        return register_personal_data()

    async def leave_traces(self, services, guest):
        mine = {"tenant": services.tenant, "address": guest.address}
        async with services.sessions() as session, session.begin():
            session.add(Line(words=guest.words, **mine))
            session.add(Heading(name=guest.name, **mine))
"""
RESIDUE = "nothing is left of a guest who is erased"


def check(*arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(path or ROOT)}
    return subprocess.run(
        [str(Path(sys.executable).parent / "hotelero"), "check-plugin", *arguments],
        cwd=path or ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A plugin with bad manners, installed, and its project."""
    distributions.install(tmp_path, "pms_toy", TOY, "agente-hotelero-core>=0.1")
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "tests").mkdir()
    return tmp_path


def test_a_good_plugin_is_well() -> None:
    done = check("front_desk", "--tests", "plugins/front_desk/tests/test_draft.py")
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    assert "WRONG" not in done.stdout
    assert "hooks: " in done.stdout


def test_every_bad_habit_is_named(toy: Path) -> None:
    (toy / "tests" / "test_toy.py").write_text("def test_nothing() -> None: ...\n")
    done = check("pms_toy", path=toy)
    assert done.returncode == 1, done.stdout + done.stderr
    wrong = [line for line in done.stdout.splitlines() if line.startswith("WRONG")]
    assert len(wrong) == 3, done.stdout
    assert "names pms_toy" in wrong[0]
    assert "agente-hotelero-core>=0.1;" in wrong[1]
    assert "ToyPms: settings are Loose" in wrong[2]
    assert "ok     its tests" in done.stdout


def notebook(folder: Path, erases: str, tests: str = NOTEBOOK_TESTS) -> Path:
    """A plugin that holds something of guests, installed, and its project."""
    module = "agente_hotelero_notebook"
    code = f"{NOTEBOOK}\n{erases}\n"
    distributions.install(folder, "notebook", code, module=module)
    project = PROJECT.replace("pms-toy", "notebook").replace('pms_toy = "pms_toy"', "")
    (folder / "pyproject.toml").write_text(f'{project}notebook = "{module}"\n')
    (folder / "tests").mkdir()
    (folder / "tests" / "test_notebook.py").write_text(tests)
    return folder


def test_a_plugin_that_leaves_something_of_a_guest_behind_fails(tmp_path: Path) -> None:
    done = check("notebook", path=notebook(tmp_path, LEAVES))
    wrong = [line for line in done.stdout.splitlines() if line.startswith("WRONG")]
    assert done.returncode == 1, done.stdout + done.stderr
    assert any(RESIDUE in line for line in wrong), done.stdout
    # Where it is, so that its author need not look for it.
    assert "notebook_heading.name: 1" in done.stdout


def test_the_same_plugin_passes_once_it_leaves_nothing(tmp_path: Path) -> None:
    done = check("notebook", path=notebook(tmp_path, MENDED))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WRONG" not in done.stdout
    assert RESIDUE in done.stdout


def test_a_plugin_that_never_looked_fails(tmp_path: Path) -> None:
    untested = "def test_nothing() -> None: ...\n"
    done = check("notebook", path=notebook(tmp_path, MENDED, untested))
    wrong = [line for line in done.stdout.splitlines() if line.startswith("WRONG")]
    assert done.returncode == 1
    assert len(wrong) == 1
    assert RESIDUE in wrong[0]


def test_missing_credentials_are_no_pass(toy: Path) -> None:
    (toy / "tests" / "test_toy.py").write_text(KIT)
    done = check(".", path=toy)
    assert done.returncode == 1
    assert "no TOY_TOKEN" in done.stdout
    assert "TestToy: none" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("no_such",), "neither an installed plugin nor a path", id="nobody"),
        pytest.param(("front_desk", "--tests", "no/such"), "no tests at", id="no tests"),
        pytest.param(("docs",), "no pyproject.toml with a plugin", id="no plugin"),
    ],
)
def test_what_cannot_be_checked_ends_with_two(arguments: tuple[str, ...], words: str) -> None:
    done = check(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
