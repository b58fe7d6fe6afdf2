"""Broken plugins, as real installed distributions: each is named, none stops the others."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from agente_hotelero._runtime.plugins import Plugins, installed
from agente_hotelero._runtime.tenants import Registry
from agente_hotelero.config import PluginSwitch
from agente_hotelero.errors import ConfigError

from tests.support import distributions

Install = Callable[..., None]
ON = PluginSwitch(enabled=True)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution with one plugin module into a folder on the path."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(name: str, code: str, requires: str = distributions.CORE) -> None:
        distributions.install(tmp_path, name, code, requires)
        monkeypatch.delitem(sys.modules, name, raising=False)

    return make


HOOK = "from agente_hotelero import hookimpl\n@hookimpl\ndef {name}({args}):\n    return []\n"


def load(**switches: PluginSwitch) -> Plugins:
    return Plugins.load({"front_desk": ON, **switches})


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        pytest.param("import no_such_module\n", "ModuleNotFoundError", id="missing dependency"),
        pytest.param("raise RuntimeError('boom')\n", "RuntimeError: boom", id="import error"),
        pytest.param("import sys\nsys.exit(3)\n", "SystemExit: 3", id="sys.exit"),
        pytest.param("def (:\n", "SyntaxError", id="syntax error"),
        pytest.param(HOOK.format(name="register_chanels", args=""), "register_chanels", id="typo"),
        pytest.param(
            HOOK.format(name="register_channels", args="nonsense"), "nonsense", id="argument"
        ),
    ],
)
def test_a_broken_plugin_is_named_with_its_reason_and_the_others_work(
    install: Install, code: str, reason: str
) -> None:
    install("broken", code)
    plugins = load(broken=ON)
    record = plugins.records["broken"]
    assert (record.state, record.version) == ("failed", "1.2.3")
    assert reason in record.reason
    assert plugins.active("front_desk")
    assert [name for name, _ in plugins.registered("register_handlers")] == ["front_desk"]


def test_a_hook_that_raises_takes_only_its_plugin_out(install: Install) -> None:
    code = HOOK.format(name="register_handlers", args="").replace(
        "return []", "raise KeyError('x')"
    )
    install("raising", code)
    plugins = load(raising=ON)
    assert [name for name, _ in plugins.registered("register_handlers")] == ["front_desk"]
    assert plugins.records["raising"].state == "failed"
    assert "register_handlers raised KeyError" in plugins.records["raising"].reason


@pytest.mark.parametrize("given", ["None", "'text'", "[object()]", "[int]"])
def test_a_hook_that_returns_nonsense_takes_only_its_plugin_out(
    install: Install, given: str
) -> None:
    code = HOOK.format(name="register_nlp_engines", args="").replace("[]", given)
    install("nonsense", code)
    plugins = load(nonsense=ON)
    registry = Registry.of(plugins)
    assert plugins.records["nonsense"].reason == "register_nlp_engines returned what it should not"
    assert (registry.nlp, list(registry.handlers)) == ({}, ["front_desk"])


def test_a_plugin_for_another_core_is_not_imported(install: Install) -> None:
    install("future", "raise RuntimeError('imported')\n", "agente-hotelero-core>=9,<10")
    record = load(future=ON).records["future"]
    assert record.state == "incompatible"
    assert "needs agente-hotelero-core" in record.reason


@pytest.mark.parametrize("switches", [{}, {"off": PluginSwitch(enabled=False)}])
def test_a_plugin_that_is_not_switched_on_is_never_imported(
    install: Install, switches: dict[str, PluginSwitch]
) -> None:
    install("off", "raise RuntimeError('imported')\n")
    plugins = load(**switches)
    assert plugins.records["off"].state == "disabled"
    assert "off" not in sys.modules


def test_a_required_plugin_that_fails_stops_the_start(install: Install) -> None:
    install("needed", "raise RuntimeError('boom')\n")
    with pytest.raises(ConfigError, match="needed"):
        load(needed=PluginSwitch(enabled=True, required=True))


def test_a_required_plugin_whose_hook_raises_stops_the_start(install: Install) -> None:
    code = HOOK.format(name="register_handlers", args="").replace("return []", "raise KeyError")
    install("needed", code)
    plugins = load(needed=PluginSwitch(enabled=True, required=True))
    with pytest.raises(ConfigError, match=r"plugins\.needed\.required"):
        Registry.of(plugins)


def test_what_an_import_and_its_hooks_took_is_told_as_often_as_it_is_asked_for(
    install: Install,
) -> None:
    slow = "import time\ntime.sleep(0.05)\n"
    hook = HOOK.format(name="register_handlers", args="")
    install("slow", slow + hook.replace("return", "time.sleep(0.05)\n    return"))
    for _ in range(2):
        plugins = load(slow=ON)
        assert plugins.records["slow"].load_ms >= 50
        for _ in range(2):
            Registry.of(plugins)
        assert 100 <= plugins.records["slow"].load_ms < 150


def test_a_good_plugin_is_active_and_its_load_time_known(install: Install) -> None:
    install("good", HOOK.format(name="register_handlers", args=""))
    record = load(good=ON).records["good"]
    assert (record.state, record.load_ms >= 0) == ("active", True)


def test_the_plugins_of_this_repository_are_installed() -> None:
    folders = {path.name for path in (Path(__file__).parent.parent / "plugins").iterdir()}
    assert folders <= set(installed())
