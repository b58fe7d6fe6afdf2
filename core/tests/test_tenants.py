from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, Self

import pytest
import structlog
from agente_hotelero import ChannelKind, Services
from agente_hotelero._runtime.guard import Walls
from agente_hotelero._runtime.limiter import Limiter
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.plugins import PluginRecord, Plugins
from agente_hotelero._runtime.pms_cache import StaticCache
from agente_hotelero._runtime.tenants import Assembly, Registry, problems
from agente_hotelero.components import PluginConfig
from agente_hotelero.config import PluginSwitch, Settings
from agente_hotelero.errors import ConfigError
from agente_hotelero.pms import AdapterInfo
from agente_hotelero.testing import lend

from core.tests.fake_pms import FakeHotel, FakePms
from core.tests.fakes import Asker, FakeChannel, FakeIngress, FakeNlp

pytestmark = pytest.mark.anyio
NAMES = ("fake", "bad", "channel")
SETTINGS = Settings.model_validate(
    {
        "plugins": {name: {"enabled": True} for name in NAMES},
        "tenants": {
            name: {"name": name, "nlp": ["fake"], "channels": ["channel"]}
            for name in ("luna", "sol")
        },
    }
)


class Bad(Asker):
    """Opens at one hotel only."""

    name = "bad.handler"
    intents = frozenset({"gone"})

    async def __aenter__(self) -> Self:
        if self.services.tenant == "luna":
            raise RuntimeError
        return self


class Worse(Bad):
    """Opens nowhere."""

    async def __aenter__(self) -> Self:
        raise RuntimeError


class Moody(FakeIngress):
    """Is not to be made."""

    def __init__(self, accounts: Any) -> None:
        raise SystemExit(3)


class Lender:
    """Lends what tests lend."""

    def services(self, tenant: str, plugin: str) -> Services:
        return lend(tenant=tenant)


def loaded(*, required: str = "") -> Plugins:
    plugins = Plugins()
    switches = {name: PluginSwitch(enabled=True, required=name == required) for name in NAMES}
    plugins._switches = switches
    for name in NAMES:
        plugins.records[name] = PluginRecord(name=name, version="1", state="active")
    return plugins


def assembly(plugins: Plugins, bad: type[Asker], ingress: type[FakeIngress]) -> Assembly:
    lender: Any = Lender()
    registry = Registry(
        channels={"channel": ChannelKind(ingress=ingress, channel=FakeChannel)},
        pms={},
        nlp={"fake": FakeNlp},
        handlers={"fake": [Asker], "bad": [bad]},
    )
    return Assembly(
        settings=SETTINGS,
        plugins=plugins,
        registry=registry,
        lender=lender,
        metrics=Metrics(),
        cache=StaticCache(1),
        limiter=Limiter(None, log=structlog.get_logger(), metrics=Metrics()),
        walls=Walls(),
    )


@pytest.fixture
async def stack(anyio_backend: str) -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


async def test_what_fails_at_one_hotel_serves_the_others(stack: AsyncExitStack) -> None:
    plugins = loaded()
    tenants = await assembly(plugins, Bad, FakeIngress).build(stack)
    assert tenants["luna"].failed == {"bad": "it could not be opened: RuntimeError"}
    assert (tenants["luna"].unserved, list(tenants["luna"].handlers)) == ({"gone"}, [Asker.name])
    assert (tenants["sol"].failed, set(tenants["sol"].handlers)) == ({}, {Asker.name, Bad.name})
    assert plugins.active("bad")


async def test_what_fails_everywhere_is_out_of_service(stack: AsyncExitStack) -> None:
    plugins = loaded()
    tenants = await assembly(plugins, Worse, FakeIngress).build(stack)
    assert [list(tenant.handlers) for tenant in tenants.values()] == [[Asker.name]] * 2
    assert plugins.records["bad"].state == "failed"
    assert "could not be opened: RuntimeError" in plugins.records["bad"].reason


async def test_what_is_required_must_open_at_every_hotel(stack: AsyncExitStack) -> None:
    with pytest.raises(ConfigError, match=r"plugins\.bad\.required"):
        await assembly(loaded(required="bad"), Bad, FakeIngress).build(stack)


async def test_an_adapter_of_another_interface_is_not_used(stack: AsyncExitStack) -> None:
    made = assembly(loaded(), Bad, FakeIngress)
    registry = replace(made.registry, pms={"fake": FromTomorrow})
    tree = SETTINGS.model_dump()
    for tenant in tree["tenants"].values():
        tenant["pms"] = "fake"
    settings = Settings.model_validate(tree)
    built = await replace(made, registry=registry, settings=settings).build(stack)
    assert built["sol"].pms is None
    assert "version 9 of the PMS interface" in built["sol"].failed["fake"]


class FromTomorrow(FakePms):
    """Speaks what this core has not learnt."""

    hotel = FakeHotel()

    def info(self) -> AdapterInfo:
        return replace(super().info(), interface_version=9)


async def test_a_channel_whose_way_in_cannot_be_made_is_out_of_service(
    stack: AsyncExitStack,
) -> None:
    plugins = loaded()
    made = assembly(plugins, Bad, Moody)
    assert made.ingresses(await made.build(stack)) == {}
    assert plugins.records["channel"].state == "failed"


def test_accounts_that_cannot_be_read_take_only_their_plugin_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def exits(config: PluginConfig, tenant: str) -> Any:
        raise SystemExit(3)

    plugins = loaded()
    monkeypatch.setattr(FakeChannel, "account_ids", exits)
    made = assembly(plugins, Bad, FakeIngress)
    assert problems(SETTINGS, plugins, made.registry) == []
    assert plugins.records["channel"].reason == "its settings cannot be read: SystemExit"
    assert plugins.active("fake")
