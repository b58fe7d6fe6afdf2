"""Components made from plugins, tenant by tenant, and opened together."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

import httpx
import structlog

from agente_hotelero._db.session import Database
from agente_hotelero._runtime import public_net
from agente_hotelero._runtime.circuit import Circuit
from agente_hotelero._runtime.door import StaffDoor
from agente_hotelero._runtime.guard import Guard, Walls
from agente_hotelero._runtime.guarded_pms import GuardedPms
from agente_hotelero._runtime.ingest import AccountInbox, RawWriter
from agente_hotelero._runtime.ingress import GuardedIngress
from agente_hotelero._runtime.limiter import Limiter
from agente_hotelero._runtime.metrics import Metrics
from agente_hotelero._runtime.opening import NotOpened, Opening
from agente_hotelero._runtime.plugins import Plugins
from agente_hotelero._runtime.pms_cache import StaticCache
from agente_hotelero._runtime.pms_calls import PmsCalls
from agente_hotelero._runtime.pms_lock import PropertyLock
from agente_hotelero._runtime.pms_writes import PmsWrites
from agente_hotelero._runtime.proactive.clicks import HotelJourneys
from agente_hotelero._runtime.seals import PluginSeals
from agente_hotelero.components import (
    Account,
    Channel,
    ChannelKind,
    Clock,
    Component,
    Handler,
    Ingress,
    MediaStore,
    Mount,
    NlpEngine,
    PluginConfig,
    Question,
    Services,
    Synthesizer,
    Transcriber,
)
from agente_hotelero.config import Settings, TenantSettings, Tree, validate
from agente_hotelero.desk import Desk
from agente_hotelero.dialogue import Hotel
from agente_hotelero.errors import ConfigError, PluginBug, Problem, Unsupported
from agente_hotelero.pms import INTERFACE_VERSION, PmsAdapter
from agente_hotelero.proactive import JourneySource

ComponentT = TypeVar("ComponentT", bound=Component[Any])
LOG = structlog.get_logger("agent")
HTTP_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
THREADS = 4
# The handler that owns this answers what one hotel alone is asked.
HOUSE_QUESTION = "house_question"
HTTP_LIMITS = httpx.Limits(max_connections=50, max_keepalive_connections=20)


@dataclass(frozen=True, kw_only=True)
class Registry:
    """What the active plugins registered, by plugin."""

    channels: Mapping[str, ChannelKind]
    pms: Mapping[str, type[PmsAdapter[Any]]]
    nlp: Mapping[str, type[NlpEngine[Any]]]
    handlers: Mapping[str, Sequence[type[Handler[Any]]]]
    transcribers: Mapping[str, type[Transcriber[Any]]] = field(default_factory=dict)
    synthesizers: Mapping[str, type[Synthesizer[Any]]] = field(default_factory=dict)
    mounts: Mapping[str, Mount] = field(default_factory=dict)
    journeys: Mapping[str, Sequence[type[JourneySource[Any]]]] = field(default_factory=dict)

    @classmethod
    def of(cls, plugins: Plugins) -> Registry:
        return cls(
            channels=_one_each(plugins, "register_channels", _is_channel),
            pms=_one_each(plugins, "register_pms_adapters", _is(PmsAdapter)),
            nlp=_one_each(plugins, "register_nlp_engines", _is(NlpEngine)),
            handlers=plugins.listed("register_handlers", _is_handler),
            transcribers=_one_each(plugins, "register_transcribers", _is(Transcriber)),
            synthesizers=_one_each(plugins, "register_synthesizers", _is(Synthesizer)),
            journeys=plugins.listed("register_journeys", _is(JourneySource)),
            mounts={
                name: mount
                for name, mount in plugins.registered("register_router")
                if isinstance(mount, Mount)
            },
        )

    def config_class(self, plugin: str) -> type[PluginConfig]:
        """The settings model of a plugin: the same for all of its components."""
        kind = self.channels.get(plugin)
        several = (*self.handlers.get(plugin, ()), *self.journeys.get(plugin, ()))
        component: type[Component[Any]] | None = (
            (kind.channel if kind else None)
            or self.pms.get(plugin)
            or self.nlp.get(plugin)
            or self.transcribers.get(plugin)
            or self.synthesizers.get(plugin)
            or (several[0] if several else None)
        )
        if component is not None:
            return component.config_class
        return self.mounts[plugin].config_class if plugin in self.mounts else PluginConfig


def _one_each(plugins: Plugins, hook: str, fits: Callable[[Any], bool]) -> dict[str, Any]:
    return {name: found[0] for name, found in plugins.listed(hook, fits).items() if found}


def _is(kind: type) -> Callable[[Any], bool]:
    return lambda one: isinstance(one, type) and issubclass(one, kind)


def _is_handler(one: Any) -> bool:
    named = isinstance(getattr(one, "name", None), str)
    return named and _is(Handler)(one) and isinstance(getattr(one, "intents", None), Set)


def _is_channel(one: Any) -> bool:
    return isinstance(one, ChannelKind) and _is(Ingress)(one.ingress) and _is(Channel)(one.channel)


@dataclass(kw_only=True)
class Tenant:
    """One hotel at run time.

    `failed` says of plugins that could not be opened why; `unserved` are intents of their handlers.
    """

    id: str
    settings: TenantSettings
    hotel: Hotel
    pms: GuardedPms | None = None
    nlp: list[tuple[NlpEngine[Any], Guard]] = field(default_factory=list)
    transcriber: tuple[Transcriber[Any], Guard] | None = None
    synthesizer: tuple[Synthesizer[Any], Guard] | None = None
    handlers: dict[str, tuple[Handler[Any], Guard]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    channels: dict[tuple[str, str], tuple[Channel[Any], Guard]] = field(default_factory=dict)
    sources: dict[str, list[tuple[JourneySource[Any], Guard]]] = field(default_factory=dict)
    sections: dict[str, tuple[PluginConfig, Services]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    unserved: set[str] = field(default_factory=set)

    def in_service(self) -> set[str]:
        """The plugins of which something was opened."""
        guards = [guard for _, guard in [*self.nlp, *self.handlers.values()]]
        guards += [guard for _, guard in self.channels.values()]
        guards += [one[1] for one in (self.transcriber, self.synthesizer) if one is not None]
        guards += [guard for found in self.sources.values() for _, guard in found]
        return {guard.plugin for guard in guards} | ({self.pms.plugin} if self.pms else set())

    def present(self, on: Callable[[str], bool]) -> Tenant:
        """With those plugins only that are switched on just now."""
        handlers = {name: one for name, one in self.handlers.items() if on(one[1].plugin)}
        return replace(
            self,
            pms=self.pms if self.pms is not None and on(self.pms.plugin) else None,
            nlp=[one for one in self.nlp if on(one[1].plugin)],
            transcriber=_if_on(self.transcriber, on),
            synthesizer=_if_on(self.synthesizer, on),
            handlers=handlers,
            owners={intent: name for intent, name in self.owners.items() if name in handlers},
        )


def _if_on(
    one: tuple[ComponentT, Guard] | None, on: Callable[[str], bool]
) -> tuple[ComponentT, Guard] | None:
    return one if one is not None and on(one[1].plugin) else None


class Lender:
    """Makes `Services`: what all components share is held here."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        writer: RawWriter,
        *,
        media: MediaStore,
        door: StaffDoor,
        desks: Callable[[str], Desk],
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._writer = writer
        self._media = media
        self._door = door
        self._desks = desks
        self._threads: dict[str, ThreadPoolExecutor] = {}
        self.http = public_net.Client(
            timeout=HTTP_TIMEOUT, limits=HTTP_LIMITS, cookies=public_net.no_cookies()
        )
        self.strangers = public_net.client(private_too=settings.may_call_private_networks())
        self.held: dict[str, Any] = {}

    def services(self, tenant: str, plugin: str) -> Services:
        settings = self._settings.tenants[tenant]
        return Services(
            tenant=tenant,
            hotel_name=settings.name,
            property_id=settings.property_id,
            time_zone=settings.zone,
            languages=settings.languages,
            http=self.http,
            public_http=self.strangers,
            log=structlog.get_logger("plugin").bind(plugin=plugin, tenant=tenant),
            clock=self._clock,
            sessions=self._database.sessions,
            inbox=AccountInbox(self._writer, plugin),
            media=self._media,
            desk=self._desks(tenant),
            door=self._door,
            run_sync=functools.partial(self._run_sync, plugin),
            shared=self._shared,
            seals=PluginSeals(plugin=plugin, secrets=self._door.secrets),
            journeys=HotelJourneys(tenant=tenant, database=self._database, clock=self._clock),
            questions=[
                Question(name=name, phrases=one.examples())
                for name, one in settings.questions.items()
            ],
        )

    def _shared(self, key: str, factory: Callable[[], Any]) -> Any:
        if key not in self.held:
            self.held[key] = factory()
        return self.held[key]

    async def _run_sync(self, plugin: str, work: Callable[[], Any]) -> Any:
        """In one of the plugin's own threads: who blocks them all blocks nobody else."""
        if plugin not in self._threads:
            self._threads[plugin] = ThreadPoolExecutor(THREADS, thread_name_prefix=plugin)
        return await asyncio.get_running_loop().run_in_executor(self._threads[plugin], work)

    async def close(self) -> None:
        await self.http.aclose()
        await self.strangers.aclose()
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)


def section(
    settings: Settings, tenant: str, plugin: str, model: type[PluginConfig]
) -> PluginConfig:
    """A plugin's settings for a tenant: its own keys over the global ones. Raises ConfigError."""
    own = settings.tenants[tenant].plugins.get(plugin, {})
    common = settings.plugins[plugin].section() if plugin in settings.plugins else {}
    merged: Tree = {**common, **own}
    try:
        return validate(model, merged, "")
    except ConfigError as error:
        raise ConfigError(
            [_placed(problem, tenant, plugin, own) for problem in error.problems]
        ) from None


def _placed(problem: Problem, tenant: str, plugin: str, own: Tree) -> Problem:
    """The problem at the place in the file where its key stands."""
    in_tenant = problem.path.split(".")[0] in own or problem.path == "settings"
    prefix = f"tenants.{tenant}.plugins.{plugin}" if in_tenant else f"plugins.{plugin}"
    path = prefix if problem.path == "settings" else f"{prefix}.{problem.path}"
    return Problem(path=path, problem=problem.problem, allowed=problem.allowed)


def problems(settings: Settings, plugins: Plugins, registry: Registry) -> list[Problem]:
    """What is wrong with plugins' settings and with what tenants name; nothing is opened."""
    found: list[Problem] = []
    for tenant, one in settings.tenants.items():
        found += _disabled(tenant, one, plugins)
        for plugin in plugins_of(one, plugins, registry):
            try:
                config = section(settings, tenant, plugin, registry.config_class(plugin))
                if plugin in registry.channels:
                    registry.channels[plugin].channel.account_ids(config, tenant)
            except ConfigError as error:
                found += error.problems
            except (Exception, SystemExit) as error:
                plugins.fail(plugin, f"its settings cannot be read: {type(error).__name__}")
    return found


def _disabled(tenant: str, one: TenantSettings, plugins: Plugins) -> list[Problem]:
    named = [("channels", name) for name in one.channels] + [("nlp", name) for name in one.nlp]
    single = [("pms", one.pms), ("transcriber", one.transcriber), ("synthesizer", one.synthesizer)]
    named += [(key, name) for key, name in single if name]
    return [
        Problem(
            path=f"tenants.{tenant}.{key}",
            problem=f"plugin {name!r} is not enabled",
            allowed=f"plugins.{name}.enabled = true",
        )
        for key, name in named
        if plugins.records[name].state == "disabled"
    ]


def plugins_of(one: TenantSettings, plugins: Plugins, registry: Registry) -> list[str]:
    """The plugins that a tenant uses and that are in service; handlers and pages are everybody's,
    but those of a channel or a PMS that this hotel does not have. A channel without a record is our
    own."""
    of_some = {*registry.channels, *registry.pms}
    pages = [name for name in registry.mounts if name not in of_some]
    voices = [one.transcriber, one.synthesizer]
    plugins_of_all = [*registry.handlers, *registry.journeys, *pages]
    named = [one.pms, *one.nlp, *voices, *one.channels, *plugins_of_all]
    return [
        name
        for name in dict.fromkeys(named)
        if name
        and (plugins.active(name) or (name in registry.channels and name not in plugins.records))
    ]


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """Everything needed to build tenants."""

    settings: Settings
    plugins: Plugins
    registry: Registry
    lender: Lender
    metrics: Metrics
    cache: StaticCache
    limiter: Limiter
    walls: Walls

    async def build(self, stack: AsyncExitStack) -> dict[str, Tenant]:
        """All tenants, their components open; the stack closes them.

        What cannot be opened is left out. Raises ConfigError if nothing may start without it.
        """
        tenants = {}
        for tenant_id in self.settings.tenants:
            tenants[tenant_id] = await self.open_tenant(tenant_id, stack)
        in_service = {plugin for tenant in tenants.values() for plugin in tenant.in_service()}
        for tenant in tenants.values():
            for plugin, why in tenant.failed.items():
                if plugin not in in_service or self.plugins.required(plugin):
                    self.plugins.fail(plugin, f"{tenant.id}: {why}")
        return tenants

    async def _open(
        self, tenant: Tenant, plugin: str, make: Callable[[], ComponentT], stack: AsyncExitStack
    ) -> ComponentT | None:
        """The component, or None: then the tenant knows why, and goes on without it."""
        opening = Opening(
            plugin=plugin,
            make=make,
            seconds=self.settings.plugin_open_seconds,
            walls=self.walls,
            log=tenant.sections[plugin][1].log,
        )
        try:
            return await opening.open(stack)
        except NotOpened as error:
            tenant.failed[plugin] = f"it could not be opened: {error}"
            LOG.warning("plugin_not_opened", plugin=plugin, tenant=tenant.id, reason=str(error))
            return None

    async def open_tenant(self, tenant_id: str, stack: AsyncExitStack) -> Tenant:
        """One tenant, its components open; what could not be opened is in `failed`."""
        settings = self.settings.tenants[tenant_id]
        hotel = Hotel(
            tenant=tenant_id,
            name=settings.name,
            languages=settings.languages,
            property_id=settings.property_id,
            house=settings.answers(),
        )
        tenant = Tenant(id=tenant_id, settings=settings, hotel=hotel)
        for plugin in plugins_of(settings, self.plugins, self.registry):
            model = self.registry.config_class(plugin)
            config = section(self.settings, tenant_id, plugin, model)
            tenant.sections[plugin] = (config, self.lender.services(tenant_id, plugin))
        await self._pms(tenant, stack)
        await self._nlp(tenant, stack)
        await self._voices(tenant, stack)
        await self._handlers(tenant, stack)
        _give_questions(tenant)
        await self._channels(tenant, stack)
        await self._sources(tenant, stack)
        return tenant

    async def _pms(self, tenant: Tenant, stack: AsyncExitStack) -> None:
        plugin = tenant.settings.pms
        if plugin is None or plugin not in tenant.sections or plugin not in self.registry.pms:
            return
        config, services = tenant.sections[plugin]
        make = functools.partial(self.registry.pms[plugin], config, services)
        adapter = await self._open(tenant, plugin, make, stack)
        if adapter is None:
            return
        gauge = self.metrics.circuit_state.labels(tenant.id, plugin)
        circuit = Circuit(
            f"{plugin}/{tenant.id}",
            failures=self.settings.circuit_failures,
            reset_seconds=self.settings.circuit_reset_seconds,
            on_change=gauge.set,
        )
        guard = self.walls.guard(
            plugin,
            services.log,
            timeout=self.settings.pms_timeout_seconds,
            concurrency=self.settings.pms_concurrency,
            circuit=circuit,
        )
        try:
            tenant.pms = self._guarded(tenant, adapter, guard, services)
        except PluginBug:
            tenant.failed[plugin] = "it cannot say what it is"
        except Unsupported as error:
            tenant.failed[plugin] = str(error)

    def _guarded(
        self, tenant: Tenant, adapter: PmsAdapter[Any], guard: Guard, services: Services
    ) -> GuardedPms:
        """The adapter behind all that the core holds for it. Raises PluginBug, and Unsupported for
        an interface that this core does not speak."""
        info = guard.run("info", adapter.info)
        if info.interface_version != INTERFACE_VERSION:
            raise Unsupported(
                f"it speaks version {info.interface_version} of the PMS interface, "
                f"this core {INTERFACE_VERSION}"
            )
        property_id = tenant.settings.property_id
        calls = PmsCalls(
            plugin=guard.plugin,
            tenant=tenant.id,
            guard=guard,
            limiter=self.limiter,
            limits=info.limits,
            metrics=self.metrics,
            seconds=self.settings.pms_timeout_seconds,
        )
        name = f"{guard.plugin}/{tenant.id}/{property_id}"
        lock = PropertyLock(name, services.sessions) if info.serialise else None
        return GuardedPms(
            adapter=adapter,
            property_id=property_id,
            info=info,
            calls=calls,
            writes=PmsWrites(calls=calls, services=services, lock=lock),
            cache=self.cache,
        )

    async def _nlp(self, tenant: Tenant, stack: AsyncExitStack) -> None:
        for plugin in tenant.settings.nlp:
            if plugin in tenant.sections and plugin in self.registry.nlp:
                config, services = tenant.sections[plugin]
                make = functools.partial(self.registry.nlp[plugin], config, services)
                engine = await self._open(tenant, plugin, make, stack)
                if engine is not None:
                    seconds = self.settings.nlp_timeout_seconds
                    wall = self.walls.guard(plugin, services.log, timeout=seconds, concurrency=8)
                    tenant.nlp.append((engine, wall))

    async def _voices(self, tenant: Tenant, stack: AsyncExitStack) -> None:
        """Without them guests are asked to write, and answered in writing."""
        settings = tenant.settings
        listening = await self._voice(
            tenant, settings.transcriber, self.registry.transcribers, stack
        )
        tenant.transcriber = listening
        speaking = await self._voice(
            tenant, settings.synthesizer, self.registry.synthesizers, stack
        )
        tenant.synthesizer = speaking

    async def _voice(
        self,
        tenant: Tenant,
        plugin: str | None,
        registered: Mapping[str, type[ComponentT]],
        stack: AsyncExitStack,
    ) -> tuple[ComponentT, Guard] | None:
        if plugin is None or plugin not in tenant.sections or plugin not in registered:
            return None
        config, services = tenant.sections[plugin]
        make = functools.partial(registered[plugin], config, services)
        made = await self._open(tenant, plugin, make, stack)
        return None if made is None else (made, self._wall(plugin, services, 32))

    async def _handlers(self, tenant: Tenant, stack: AsyncExitStack) -> None:
        for plugin, classes in self.registry.handlers.items():
            if plugin not in tenant.sections:
                continue
            config, services = tenant.sections[plugin]
            for made in classes:
                make = functools.partial(made, config, services)
                handler = await self._open(tenant, plugin, make, stack)
                if handler is None:
                    tenant.unserved.update(made.intents)
                    continue
                tenant.handlers[made.name] = (handler, self._wall(plugin, services, 64))
                for intent in made.intents:
                    _claim(tenant.owners, intent, made.name)

    async def _channels(self, tenant: Tenant, stack: AsyncExitStack) -> None:
        for plugin in tenant.settings.channels:
            if plugin not in tenant.sections or plugin not in self.registry.channels:
                continue
            made = self.registry.channels[plugin].channel
            config, services = tenant.sections[plugin]
            for account in made.account_ids(config, tenant.id):
                make = functools.partial(made, config, services, account)
                channel = await self._open(tenant, plugin, make, stack)
                if channel is not None:
                    wall = self._wall(plugin, services, 32)
                    tenant.channels[plugin, account] = (channel, wall)

    async def _sources(self, tenant: Tenant, stack: AsyncExitStack) -> None:
        for plugin, classes in self.registry.journeys.items():
            if plugin not in tenant.sections:
                continue
            config, services = tenant.sections[plugin]
            for made in classes:
                make = functools.partial(made, config, services)
                source = await self._open(tenant, plugin, make, stack)
                if source is not None:
                    wall = self._wall(plugin, services, 8)
                    tenant.sources.setdefault(plugin, []).append((source, wall))

    def _wall(self, plugin: str, services: Services, concurrency: int) -> Guard:
        timeout = self.settings.turn_timeout_seconds
        return self.walls.guard(plugin, services.log, timeout=timeout, concurrency=concurrency)

    def ingresses(self, tenants: Mapping[str, Tenant]) -> dict[str, Ingress[Any]]:
        """One per channel plugin, knowing every tenant's accounts."""
        accounts: dict[str, list[Account[Any]]] = {name: [] for name in self.registry.channels}
        for tenant in tenants.values():
            for plugin, account in tenant.channels:
                config = cast("Any", tenant.sections[plugin][0])
                accounts[plugin].append(Account(id=account, tenant=tenant.id, config=config))
        _refuse_shared_accounts(accounts)
        made = {name: self._ingress(name, found) for name, found in accounts.items()}
        return {name: ingress for name, ingress in made.items() if ingress is not None}

    def _ingress(self, name: str, accounts: list[Account[Any]]) -> Ingress[Any] | None:
        guard = self.walls.guard(name, LOG, timeout=0, concurrency=1)
        make = functools.partial(self.registry.channels[name].ingress, accounts)
        try:
            return GuardedIngress(guard.run("make the ingress", make), guard)
        except PluginBug as bug:
            self.plugins.fail(name, str(bug))
            return None


def _claim(owners: dict[str, str], intent: str, handler: str) -> None:
    if intent in owners:
        raise ConfigError.at(
            "plugins", f"{handler} and {owners[intent]} both own the intent {intent}"
        )
    owners[intent] = handler


def _give_questions(tenant: Tenant) -> None:
    """The hotel's own questions go to whoever answers for the house."""
    owner = tenant.owners.get(HOUSE_QUESTION)
    if owner is not None:
        for name in tenant.settings.questions:
            tenant.owners.setdefault(name, owner)


def _refuse_shared_accounts(accounts: Mapping[str, Sequence[Account[Any]]]) -> None:
    for plugin, found in accounts.items():
        first: dict[str, str] = {}
        for account in found:
            if account.id in first:
                raise ConfigError.at(
                    f"tenants.{account.tenant}.plugins.{plugin}",
                    f"an account is already configured for tenant {first[account.id]}",
                )
            first[account.id] = account.tenant
