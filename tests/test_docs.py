"""What the documents say is true: settings, hooks, commands, links."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
from agente_hotelero import hookspecs
from agente_hotelero._runtime import agent
from agente_hotelero._runtime.plugins import installed
from agente_hotelero.cli import main
from agente_hotelero.config import PluginSwitch, Settings, TenantSettings, load
from agente_hotelero.errors import ConfigError
from agente_hotelero_channel_gmail.config import GmailConfig
from agente_hotelero_channel_web.channel import WebConfig
from agente_hotelero_channel_whatsapp.config import WhatsAppConfig
from agente_hotelero_front_desk.config import FrontDeskConfig
from agente_hotelero_nlp_llm.config import NlpLlmConfig
from agente_hotelero_nlp_local.engine import NlpLocalConfig
from agente_hotelero_pms_mock.config import MockConfig
from agente_hotelero_pms_qloapps.config import QloAppsConfig
from agente_hotelero_review_requests.config import ReviewConfig
from agente_hotelero_stt_tts.config import SttTtsConfig
from pydantic import BaseModel

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "hotel.example.toml"
DOCUMENTS = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")), *ROOT.glob("plugins/*/*.md")]
SECRETS = {
    "SOL_GMAIL_APP_PASSWORD": "abcd efgh ijkl mnop",
    "SOL_WHATSAPP_TOKEN": "a",
    "SOL_WHATSAPP_APP_SECRET": "b",
    "SOL_WHATSAPP_VERIFY_TOKEN": "c",
}
MODELS: dict[str, type[BaseModel]] = {
    "channel_gmail": GmailConfig,
    "channel_web": WebConfig,
    "channel_whatsapp": WhatsAppConfig,
    "front_desk": FrontDeskConfig,
    "nlp_llm": NlpLlmConfig,
    "nlp_local": NlpLocalConfig,
    "pms_mock": MockConfig,
    "pms_qloapps": QloAppsConfig,
    "review_requests": ReviewConfig,
    "stt_tts": SttTtsConfig,
}
NO_DEFAULT = {
    "nlp_llm": {"base_url": "http://127.0.0.1:8080/v1", "model": "small"},
    "pms_qloapps": {"base_url": "https://shop.example", "api_key": "K" * 32},
}
HOOKS = sorted(name for name in vars(hookspecs) if name.startswith("register_"))


def example() -> dict[str, Any]:
    return tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))


def test_the_example_is_a_good_configuration() -> None:
    settings = load(EXAMPLE, SECRETS, installed=set(installed()))
    agent.check(settings)
    assert settings.tenants["sol"].name == "Hotel Sol"


PAGES = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("plugins/*/README.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_settings_can_be_copied_from_every_page(page: Path) -> None:
    for block in re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        tomllib.loads(block)


def missing(model: type[BaseModel], table: dict[str, Any], text: str) -> set[str]:
    """Settings that a table neither sets nor mentions in a comment."""
    return {
        name
        for name in model.model_fields
        if name not in table and not re.search(rf"^#.*\b{name}\b", text, re.MULTILINE)
    }


def test_the_example_has_every_setting() -> None:
    text, tree = EXAMPLE.read_text(encoding="utf-8"), example()
    assert missing(Settings, tree, text) == set()
    assert missing(TenantSettings, tree["tenants"]["sol"], text) == set()
    for plugin, model in MODELS.items():
        own = tree["tenants"]["sol"]["plugins"].get(plugin, {})
        assert missing(model, {**tree["plugins"][plugin], **own}, text) == set(), plugin


def test_the_examples_values_are_the_defaults() -> None:
    tree = example()
    plain = {key: value for key, value in tree.items() if not isinstance(value, dict)}
    given, default = Settings.model_validate(plain), Settings()
    assert given == default
    switches = tree["plugins"]
    for plugin, model in MODELS.items():
        switch = PluginSwitch.model_validate(switches[plugin])
        own = tree["tenants"]["sol"]["plugins"].get(plugin, {}) if plugin == "pms_mock" else {}
        needed = NO_DEFAULT.get(plugin, {})
        values = model.model_validate({**switch.section(), **own, **needed})
        assert values == model.model_validate(needed), plugin


def test_the_defaults_that_a_page_tells_are_the_defaults() -> None:
    """In tables of settings, in `docs/configuration.md`: names, then their values in order."""
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| ([\d., ]+) \|", page, re.MULTILINE)
    told = {
        name: float(value)
        for names, values in rows
        for name, value in zip(re.findall(r"\w+", names), values.split(", "), strict=True)
    }
    assert "turn_timeout_seconds" in told
    assert told == {name: getattr(Settings(), name) for name in told}


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_its_page(hook: str) -> None:
    page = (ROOT / "docs/reference/hooks.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {hook}\(\)\n(.+?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert section is not None
    returned = vars(hookspecs)[hook].__annotations__["return"]
    for name in re.findall(r"\w+", re.sub(r"\[Any\]", "", returned)):
        if name not in {"Sequence", "type", "click"}:
            assert name in section[1], name


def test_no_page_describes_a_hook_that_is_not_there() -> None:
    page = (ROOT / "docs/reference/hooks.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^## (\w+)\(\)", page, re.MULTILINE)) == HOOKS


def commands_in(path: Path) -> list[list[str]]:
    """Every ``hotelero …`` in code of a document, up to a comment or placeholder."""
    text = path.read_text(encoding="utf-8")
    found = re.findall(r"(?:^|[`\s/])hotelero((?: [a-z][\w-]*| --[\w-]+)+)", text, re.MULTILINE)
    return [words.split() for words in found]


def documented() -> list[Any]:
    return [
        pytest.param(words, id=f"{path.name}: {' '.join(words)}")
        for path in DOCUMENTS
        for words in commands_in(path)
    ]


@pytest.mark.parametrize("words", documented())
def test_every_command_in_the_documents_exists(words: list[str]) -> None:
    command: click.Command = main
    context = click.Context(main, info_name="hotelero", obj=None)
    for word in words:
        if word.startswith("--"):
            options = {option for param in command.params for option in param.opts}
            assert word in options
        elif isinstance(command, click.Group):
            found = command.get_command(context, word)
            assert found is not None, word
            command = found


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target


def test_the_readme_begins_with_its_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.match(r"# Agente Hotelero\n\n```\nmake run .*\nmake test .*\n```\n", text)
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for target in re.findall(r"\bmake ([a-z][\w-]*)", text):
        assert target in targets or target in ("them",), target


def test_the_metrics_page_names_what_is_measured() -> None:
    from agente_hotelero._runtime.metrics import Metrics

    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    families = {family.name for family in Metrics().registry.collect()}
    named = {name.removesuffix("_total") for name in re.findall(r"`(\w+)`", page)}
    assert families <= named


def test_a_wrong_setting_is_named_with_its_path_and_without_its_value(tmp_path: Path) -> None:
    path = tmp_path / "hotel.toml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8").replace('"109000000000001"', '"s3cr3t-x"'))
    with pytest.raises(ConfigError) as caught:
        agent.check(load(path, SECRETS, installed=set(installed())))
    told = str(caught.value)
    assert "tenants.sol.plugins.channel_whatsapp.accounts.0.phone_number_id" in told
    assert "s3cr3t-x" not in told
