"""What environment variables say, as trees to lay over the file. Pure functions."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

Tree = dict[str, Any]

PREFIX = "HOTELERO__"
GLOBAL_NAMES = {
    "DATABASE_URL": "database_url",
    "REDIS_URL": "redis_url",
    "SECRET_KEY": "secret_key",
    "ENVIRONMENT": "environment",
    "DEBUG": "debug",
    "CHECK_DB_IN_READINESS": "check_db_in_readiness",
    "CHECK_REDIS_IN_READINESS": "check_redis_in_readiness",
    "CHECK_PMS_IN_READINESS": "check_pms_in_readiness",
}
_WHATSAPP_NAMES = {
    "WHATSAPP_ACCESS_TOKEN": "access_token",
    "WHATSAPP_VERIFY_TOKEN": "verify_token",
    "WHATSAPP_APP_SECRET": "app_secret",
    "WHATSAPP_BUSINESS_ACCOUNT_ID": "business_account_id",
}
_PMS_NAMES = {"PMS_BASE_URL": "base_url", "PMS_API_KEY": "api_key"}
_GMAIL_NAMES = {"GMAIL_USERNAME": "username", "GMAIL_APP_PASSWORD": "app_password"}
SINGLE_HOTEL_NAMES = (
    "HOTEL_NAME",
    "HOTEL_TIME_ZONE",
    "PMS_TYPE",
    *_PMS_NAMES,
    "WHATSAPP_PHONE_NUMBER_ID",
    *_WHATSAPP_NAMES,
    *_GMAIL_NAMES,
)


def global_layer(environ: Mapping[str, str]) -> Tree:
    """Settings of the installation from their well-known names."""
    tree: Tree = {key: environ[name] for name, key in GLOBAL_NAMES.items() if environ.get(name)}
    if environ.get("WHATSAPP_API_BASE_URL"):
        base = environ["WHATSAPP_API_BASE_URL"]
        tree["plugins"] = {"channel_whatsapp": {"api_base_url": base}}
    return tree


def tenant_layer(environ: Mapping[str, str]) -> Tree:
    """The one hotel that single names describe; empty when none is set."""
    tree: Tree = {}
    if environ.get("HOTEL_NAME"):
        tree["name"] = environ["HOTEL_NAME"]
    if environ.get("HOTEL_TIME_ZONE"):
        tree["time_zone"] = environ["HOTEL_TIME_ZONE"]
    plugins: Tree = {}
    if environ.get("PMS_TYPE"):
        tree["pms"] = f"pms_{environ['PMS_TYPE']}"
    pms = _named(environ, _PMS_NAMES)
    if pms:
        plugins[tree.get("pms", "pms_mock")] = pms
    whatsapp = _named(environ, _WHATSAPP_NAMES)
    if environ.get("WHATSAPP_PHONE_NUMBER_ID"):
        whatsapp["accounts"] = [{"phone_number_id": environ["WHATSAPP_PHONE_NUMBER_ID"]}]
    if whatsapp:
        plugins["channel_whatsapp"] = whatsapp
    gmail = _named(environ, _GMAIL_NAMES)
    if gmail:
        plugins["channel_gmail"] = {"accounts": [gmail]}
    if plugins:
        tree["plugins"] = plugins
    return tree


def channels(environ: Mapping[str, str]) -> list[str]:
    """The channels that single names switch on."""
    found = {
        "channel_whatsapp": environ.get("WHATSAPP_PHONE_NUMBER_ID"),
        "channel_gmail": environ.get("GMAIL_USERNAME"),
    }
    return [name for name, value in found.items() if value]


def path_layer(environ: Mapping[str, str]) -> Tree:
    """``HOTELERO__A__B=value`` as ``{"a": {"b": value}}``; lists and tables are written as TOML."""
    tree: Tree = {}
    for name, text in environ.items():
        if not name.startswith(PREFIX):
            continue
        *parents, last = name.removeprefix(PREFIX).lower().split("__")
        table = tree
        for parent in parents:
            table = table.setdefault(parent, {})
        table[last] = _value(text)
    return tree


def _value(text: str) -> Any:
    if not text.startswith(("[", "{")):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _named(environ: Mapping[str, str], names: Mapping[str, str]) -> Tree:
    return {key: environ[name] for name, key in names.items() if environ.get(name)}
