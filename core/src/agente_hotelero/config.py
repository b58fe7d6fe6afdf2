"""Settings in layers: built-in defaults < one TOML file < well-known names < ``HOTELERO__…``.

Secrets are written ``{ "$env" = "NAME" }`` or ``{ "$file" = "path" }`` and resolved into a copy.
Every problem is reported with its TOML path; values are never printed.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, time
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
)

from agente_hotelero import _environment
from agente_hotelero._guest_settings import (
    JourneySettings,
    Name,
    ProactiveSettings,
    RetentionSettings,
)
from agente_hotelero.errors import ConfigError, Problem

WELL_KNOWN_SECRETS = frozenset({"", "development-only-secret", "changeme", "secret"})
Tree = dict[str, Any]
ModelT = TypeVar("ModelT", bound=BaseModel)
QuestionName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PluginSwitch(BaseModel):
    """``[plugins.<name>]``: the switch, and settings that hold for every tenant."""

    model_config = ConfigDict(extra="allow", frozen=True)

    enabled: bool = False
    required: bool = False

    def section(self) -> Tree:
        return dict(self.__pydantic_extra__ or {})


class QuestionSettings(_Model):
    """``[<name>]`` of a hotel's file of questions: how guests ask, and what the hotel answers.

    The name is an intent: a new one, or one that every hotel has, for which these are more phrases.
    """

    phrases: dict[Literal["es", "pt", "en"], tuple[Phrase, ...]]
    answer: dict[Literal["es", "pt", "en"], str] = Field(default_factory=dict)

    def examples(self) -> dict[str, tuple[str, ...]]:
        return {str(language): texts for language, texts in self.phrases.items()}


class VoiceSettings(_Model):
    """``[tenants.<id>.voice]``: how voice notes are answered, and what is kept of them."""

    answer: Literal["text", "voice", "both"] = "text"
    quiet_from: time | None = None
    quiet_until: time | None = None
    longest_note_seconds: float = Field(default=180.0, gt=0, le=600)
    longest_answer: int = Field(default=500, ge=1, le=2000)
    keep_notes: bool = True

    def is_quiet(self, now: time) -> bool:
        """Whether nothing is spoken at this time of the hotel's day."""
        begin, end = self.quiet_from, self.quiet_until
        if begin is None or end is None:
            return False
        return begin <= now < end if begin <= end else now >= begin or now < end


class TenantSettings(_Model):
    """``[tenants.<id>]``: one hotel."""

    name: str = Field(min_length=1)
    time_zone: str = "UTC"
    languages: tuple[Literal["es", "pt", "en"], ...] = ("es", "pt", "en")
    pms: str | None = None
    nlp: tuple[str, ...] = ("nlp_local",)
    channels: tuple[str, ...] = ()
    transcriber: str | None = None
    synthesizer: str | None = None
    voice: VoiceSettings = VoiceSettings()
    property_id: str = "1"
    flags: dict[str, bool] = Field(default_factory=dict)
    plugins: dict[str, Tree] = Field(default_factory=dict)
    house: dict[str, dict[str, str]] = Field(default_factory=dict)
    questions: dict[QuestionName, QuestionSettings] = Field(default_factory=dict)
    journeys: dict[Name, JourneySettings] = Field(default_factory=dict)
    proactive: ProactiveSettings = Field(default_factory=ProactiveSettings)
    retention: RetentionSettings = Field(default_factory=RetentionSettings)

    @field_validator("time_zone")
    @classmethod
    def _is_iana(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("is not an IANA time zone such as America/Sao_Paulo")
        return value

    @field_validator("languages")
    @classmethod
    def _at_least_one(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("needs at least one language")
        return value

    def answers(self) -> dict[str, dict[str, str]]:
        """The hotel's own texts by topic, those to its own questions included."""
        own = {name: dict(one.answer) for name, one in self.questions.items() if one.answer}
        return self.house | cast("dict[str, dict[str, str]]", own)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Settings(_Model):
    """The whole configuration, checked as far as the core can without importing a plugin."""

    environment: Literal["development", "production"] = "development"
    debug: bool = False
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    database_url: SecretStr = SecretStr("sqlite:///data/agent.db")
    redis_url: SecretStr | None = None
    secret_key: SecretStr = SecretStr("development-only-secret")
    secret_key_previous: SecretStr | None = None
    operations_host: str = "127.0.0.1"
    operations_port: int | None = Field(default=None, ge=0, le=65535)
    operations_public: bool = False
    debounce_seconds: float | None = Field(default=None, ge=0, le=30)
    poll_seconds: float = Field(default=0.1, ge=0.005, le=5)
    client_ip_header: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]+$")
    public_requests_per_minute: int = Field(default=120, ge=1)
    guest_messages_per_minute: int = Field(default=60, ge=1)
    raw_days: int = Field(default=30, ge=1)
    dead_days: int = Field(default=90, ge=1)
    media_store: str = Field(default="data/media", min_length=1)
    media_max_mb: int = Field(default=20, ge=1, le=100)
    media_days: int = Field(default=30, ge=1)
    held_days: int = Field(default=7, ge=1)
    engine_days: int = Field(default=7, ge=1)
    backup_folder: str | None = Field(default=None, min_length=1)
    backup_cron: str = "30 3 * * *"
    backup_days: int = Field(default=14, ge=1)
    backup_recipients: tuple[str, ...] = ()
    backup_identity: SecretStr | None = None
    backup_verify_url: SecretStr | None = None
    stale_after_minutes: int = Field(default=60, ge=1)
    turn_timeout_seconds: float = Field(default=120.0, gt=0)
    nlp_timeout_seconds: float = Field(default=10.0, gt=0)
    listen_timeout_seconds: float = Field(default=60.0, gt=0, le=600)
    speak_timeout_seconds: float = Field(default=30.0, gt=0, le=600)
    plugin_open_seconds: float = Field(default=30.0, gt=0)
    plugin_block_seconds: float = Field(default=5.0, gt=0)
    plugin_memory_mb: int = Field(default=1024, ge=1)
    pms_timeout_seconds: float = Field(default=10.0, gt=0)
    pms_concurrency: int = Field(default=8, ge=1)
    pms_cache_seconds: float = Field(default=300.0, ge=0)
    pms_poll_minutes: int = Field(default=5, ge=1, le=59)
    circuit_failures: int = Field(default=5, ge=1)
    circuit_reset_seconds: float = Field(default=30.0, gt=0)
    send_attempts: int = Field(default=5, ge=1, le=20)
    unknown_send_wait_seconds: float = Field(default=30.0, ge=0)
    webhooks_to_private_networks: bool = False
    check_db_in_readiness: bool = True
    check_redis_in_readiness: bool = False
    check_pms_in_readiness: bool = False
    plugins: dict[str, PluginSwitch] = Field(default_factory=dict)
    tenants: dict[str, TenantSettings] = Field(default_factory=dict)

    @field_validator("backup_cron")
    @classmethod
    def _is_cron(cls, value: str) -> str:
        try:
            CronSim(value, datetime.now(UTC))
        except CronSimError as error:
            raise ValueError(f"is not a cron expression: {error}") from None
        return value

    def debounce(self) -> float:
        """How long a guest may pause within one message, in seconds: 2 in production, else 0."""
        if self.debounce_seconds is not None:
            return self.debounce_seconds
        return 2.0 if self.environment == "production" else 0.0

    def operations(self) -> int | None:
        """The port of the operator's pages, 0 for any; None where they are on the public one. Not
        set, it is 8081 in production, and in development the public one."""
        if self.operations_public:
            return None
        if self.operations_port is None and self.environment == "production":
            return 8081
        return self.operations_port

    def may_call_private_networks(self) -> bool:
        """Whether a hotel's webhooks may go to addresses that are not of the internet."""
        return self.webhooks_to_private_networks or self.environment != "production"

    def flag(self, tenant: str, name: str) -> bool:
        """Whether a tenant has a plugin or feature on; a plugin that is not named false is on."""
        return self.tenants[tenant].flags.get(name, name not in OFF_UNLESS_NAMED)


OFF_UNLESS_NAMED = frozenset({"review_requests"})
# Without a file: handlers, the desk, and WhatsApp for its simulator, which tells what to configure.
ALSO_ON = ("front_desk", "channel_whatsapp", "staff_desk", "stt_tts")


def load(
    path: Path | None = None, environ: Mapping[str, str] = os.environ, *, installed: set[str]
) -> Settings:
    """Settings from a file and the environment. Raises ConfigError with every problem found.

    `installed` are the names of the plugins that are there; the embedded default switches on those
    of its own that are among them.
    """
    tree, in_file = _tree(path, environ, installed)
    settings = validate(Settings, _resolve_secrets(tree, environ, ""), "")
    problems = [
        *_unknown_plugins(settings, installed),
        *_not_for_production(settings, environ, in_file),
    ]
    if problems:
        raise ConfigError(problems)
    return settings


def files_read(
    path: Path | None = None, environ: Mapping[str, str] = os.environ, *, installed: set[str]
) -> list[Path]:
    """The file of settings and those that hold its secrets. Raises ConfigError."""
    tree, _ = _tree(path, environ, installed)
    return ([path] if path else []) + [Path(name) for name in sorted(_secret_files(tree))]


def _tree(path: Path | None, environ: Mapping[str, str], installed: set[str]) -> tuple[Tree, bool]:
    """All layers, secrets not yet read; and whether the file names its hotels."""
    file_tree = _read_toml(path) if path else {}
    tree = _merge(file_tree, _environment.global_layer(environ))
    if "tenants" in file_tree:
        _refuse_single_hotel_names(environ)
    else:
        tree = _merge(_single_hotel(environ, installed), tree)
    tree = _with_questions(_merge(tree, _environment.path_layer(environ)))
    return tree, "tenants" in file_tree


def _secret_files(value: Any) -> set[str]:
    if isinstance(value, dict):
        if set(value) == {"$file"}:
            return {str(value["$file"])}
        return {name for item in value.values() for name in _secret_files(item)}
    if isinstance(value, list):
        return {name for item in value for name in _secret_files(item)}
    return set()


def validate(model: type[ModelT], tree: Tree, path: str) -> ModelT:
    """`tree` as a model; pydantic's findings become problems with TOML paths and no values."""
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        raise ConfigError([_problem(model, item, path) for item in found]) from None


def _problem(model: type[BaseModel], item: Any, path: str) -> Problem:
    where = ".".join(part for part in (path, *(str(p) for p in item["loc"])) if part)
    allowed = ""
    if item["type"] == "extra_forbidden":
        allowed = ", ".join(_fields_at(model, item["loc"][:-1]))
        return Problem(path=where, problem="is not a known setting", allowed=allowed)
    if item["type"] == "literal_error":
        return Problem(
            path=where,
            problem="has a value that is not allowed",
            allowed=str(item["ctx"]["expected"]),
        )
    return Problem(path=where or "settings", problem=item["msg"].removeprefix("Value error, "))


def _fields_at(model: type[BaseModel], path: tuple[Any, ...]) -> list[str]:
    """The names a nested model knows, found by walking annotations; empty when unclear."""
    for part in path:
        field = model.model_fields.get(str(part))
        inner = _inner_model(field.annotation) if field else None
        if inner is None:
            continue
        model = inner
    return sorted(model.model_fields)


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_inner_model(argument) for argument in getattr(annotation, "__args__", ()))
    return next((found for found in inner if found is not None), None)


def _read_toml(path: Path) -> Tree:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError.at(str(path), f"cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError.at(str(path), f"is not valid TOML: {error}") from None


def _with_questions(tree: Tree) -> Tree:
    """With the files of questions read that hotels name: `questions = "sol-questions.toml"`."""
    tenants = tree.get("tenants")
    if not isinstance(tenants, dict):
        return tree
    read = {
        name: one | {"questions": _read_toml(Path(one["questions"]))}
        if isinstance(one, dict) and isinstance(one.get("questions"), str)
        else one
        for name, one in tenants.items()
    }
    return tree | {"tenants": read}


def _merge(under: Tree, over: Tree) -> Tree:
    """A new tree in which `over` wins, table by table."""
    merged = dict(under)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = (
            _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
        )
    return merged


def _resolve_secrets(value: Any, environ: Mapping[str, str], path: str) -> Any:
    if isinstance(value, list):
        return [_resolve_secrets(item, environ, f"{path}.{n}") for n, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if set(value) == {"$env"}:
        name = str(value["$env"])
        if name not in environ:
            raise ConfigError.at(path, f"environment variable {name} is not set")
        return environ[name]
    if set(value) == {"$file"}:
        try:
            return Path(str(value["$file"])).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigError.at(path, f"its file cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ConfigError.at(path, "its file is not UTF-8") from None
    return {
        key: _resolve_secrets(item, environ, f"{path}.{key}" if path else key)
        for key, item in value.items()
    }


def _single_hotel(environ: Mapping[str, str], installed: set[str]) -> Tree:
    """The embedded default: a demo hotel, or the one hotel that the environment describes."""
    own = _environment.tenant_layer(environ)
    base = tomllib.loads(files("agente_hotelero").joinpath("demo.toml").read_text(encoding="utf-8"))
    tenant = base["tenants"]["default"]
    if own or tenant["pms"] not in installed:
        del tenant["house"], tenant["plugins"]
    tenant = _merge(tenant, own)
    tenant["channels"] = [
        name for name in [*tenant["channels"], *_environment.channels(environ)] if name in installed
    ]
    tenant["nlp"] = [name for name in tenant["nlp"] if name in installed]
    if "pms" not in own and tenant["pms"] not in installed:
        del tenant["pms"]
    used = {*tenant["channels"], *tenant["nlp"], tenant.get("pms"), *ALSO_ON}
    switches = {name: {"enabled": True} for name in sorted(used & installed)}
    return {"plugins": switches, "tenants": {"default": tenant}}


def _refuse_single_hotel_names(environ: Mapping[str, str]) -> None:
    named = [name for name in _environment.SINGLE_HOTEL_NAMES if environ.get(name)]
    if named:
        raise ConfigError.at(
            "tenants",
            f"the file has tenants, so {', '.join(named)} cannot say which hotel it means",
            "HOTELERO__TENANTS__<ID>__… for one tenant's setting",
        )


def _unknown_plugins(settings: Settings, installed: set[str]) -> list[Problem]:
    allowed = ", ".join(sorted(installed)) or "none is installed"
    named = [(f"plugins.{name}", name) for name in settings.plugins]
    for tenant, one in settings.tenants.items():
        path = f"tenants.{tenant}"
        named += [(f"{path}.plugins.{name}", name) for name in one.plugins]
        named += [
            (f"{path}.{key}", getattr(one, key))
            for key in ("pms", "transcriber", "synthesizer")
            if getattr(one, key)
        ]
        named += [
            (f"{path}.{key}.{n}", name)
            for key in ("nlp", "channels")
            for n, name in enumerate(getattr(one, key))
        ]
    return [
        Problem(path=path, problem=f"no plugin {name!r} is installed", allowed=allowed)
        for path, name in named
        if name not in installed
    ]


def _believes_everybody(environ: Mapping[str, str]) -> list[Problem]:
    """Then a client writes his own address, and no limit by client is one."""
    trusted = [one.strip() for one in environ.get("FORWARDED_ALLOW_IPS", "").split(",")]
    if not any(one == "*" or one.endswith("/0") for one in trusted):
        return []
    return [
        Problem(
            path="FORWARDED_ALLOW_IPS",
            problem="must not be everybody in production",
            allowed="addresses of your proxy, or client_ip_header",
        )
    ]


def _not_for_production(
    settings: Settings, environ: Mapping[str, str], in_file: bool
) -> list[Problem]:
    if settings.environment != "production":
        return []
    problems = _believes_everybody(environ)
    if settings.secret_key.get_secret_value() in WELL_KNOWN_SECRETS:
        problems.append(Problem(path="secret_key", problem="must be set to a secret in production"))
    if not in_file and not environ.get("PMS_TYPE"):
        problems.append(
            Problem(
                path="tenants.default.pms",
                problem="must be chosen in production",
                allowed="PMS_TYPE=mock, PMS_TYPE=qloapps, or tenants in a file",
            )
        )
    return problems
