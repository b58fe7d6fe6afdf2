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
