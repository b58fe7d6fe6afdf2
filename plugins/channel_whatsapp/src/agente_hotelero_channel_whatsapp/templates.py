"""The states of templates: heard from Meta's webhooks, and read from its list every hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agente_hotelero import Services
from agente_hotelero.errors import HoteleroError, TemplateRefused
from agente_hotelero.events import AccountNoticed
from agente_hotelero.messages import AccountNotice, MessageTemplate

from agente_hotelero_channel_whatsapp import live, tables
from agente_hotelero_channel_whatsapp.errors import DISABLED, MISSING, PAUSED
from agente_hotelero_channel_whatsapp.graph import Graph
from agente_hotelero_channel_whatsapp.tables import Key, Template, Values
from agente_hotelero_channel_whatsapp.wire import Json, rows, table, text

CHANNEL = "channel_whatsapp"
# FLAGGED is a warning, REINSTATED the end of one: both are sent.
SENDABLE = frozenset({"APPROVED", "FLAGGED", "REINSTATED"})
MARKETING = "MARKETING"
# For whom it may be: one who asked, and one who wants to be sold something.
SELLS = ("", "marketing")
FIELDS = "name,language,status,category,quality_score"
PAGE, MOST_PAGES = "200", 50
REFUSED = {PAUSED: "PAUSED", DISABLED: "DISABLED", MISSING: "DELETED"}
# What each webhook says, by our column.
SAID: Mapping[str, Mapping[str, str]] = {
    "message_template_status_update": {
        "event": "status",
        "message_template_category": "category",
    },
    "message_template_quality_update": {"new_quality_score": "quality"},
    "template_category_update": {"new_category": "category"},
}


async def noticed(event: AccountNoticed) -> None:
    """Keep what Meta says of a template of one of our accounts."""
    channel = live.channel(event.tenant, event.account) if event.channel == CHANNEL else None
    if channel is None or not channel.business or event.notice.kind not in SAID:
        return
    key, changes = read_notice(event.notice)
    if all(key) and changes:
        before = await tables.change(channel.services, channel.business, key, changes)
        _warn_of_marketing(channel.services, key, before, changes)


def read_notice(notice: AccountNotice) -> tuple[Key, dict[str, str]]:
    """Name and language of a template, and what changed. Pure."""
    detail = notice.detail
    key = text(detail.get("message_template_name")), text(detail.get("message_template_language"))
    names = SAID[notice.kind]
    changes = {column: text(detail.get(name)) for name, column in names.items()}
    return key, {column: value for column, value in changes.items() if value}


async def refresh_tenant(services: Services) -> None:
    """The hourly job: every business account of the hotel once. Raises the last failure."""
    failure: HoteleroError | None = None
    for channel in {one.business: one for one in live.channels(services.tenant)}.values():
        try:
            if channel.business:
                await refresh(channel.services, channel.graph, channel.business)
        except HoteleroError as error:
            failure = error
    if failure is not None:
        raise failure


async def refresh(services: Services, graph: Graph, business: str) -> None:
    """Read Meta's list. Raises TemporaryError, AuthFailed and other errors of the tree."""
    listed = await read_list(graph, business)
    before = await tables.replace_all(services, business, listed)
    for key, values in listed.items():
        _warn_of_marketing(services, key, before.get(key, ""), values)


async def read_list(graph: Graph, business: str) -> dict[Key, dict[str, str]]:
    """All templates of a business account, page by page."""
    found: dict[Key, dict[str, str]] = {}
    after: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        page = table(
            await graph.get(f"{business}/message_templates", fields=FIELDS, limit=PAGE, **after)
        )
        for row in map(table, rows(page.get("data"))):
            found[text(row.get("name")), text(row.get("language"))] = _values(row)
        paging = table(page.get("paging"))
        cursor = text(table(paging.get("cursors")).get("after"))
        if not paging.get("next") or not cursor:
            break
        after = {"after": cursor}
    return found


def _values(row: Json) -> dict[str, str]:
    return {
        "status": text(row.get("status")),
        "category": text(row.get("category")),
        "quality": text(table(row.get("quality_score")).get("score")),
    }


async def language_for(
    services: Services, business: str, template: MessageTemplate, purpose: str
) -> str:
    """The first language in which Meta sends the template, in Meta's spelling; the first of all
    where nothing is known of it. Raises TemplateRefused; also for what Meta takes for marketing,
    unless it is meant as such: guests allowed other messages, and refused these."""
    found = await tables.known(services, business, template.name) if business else []
    fitting = [row for row in found if row.category != MARKETING or purpose in SELLS]
    language = spoken(template.languages, sendable(fitting, template.name))
    if not language and len(fitting) < len(found):
        raise TemplateRefused("marketing to Meta", template=template.name)
    if not language and (found or not template.languages):
        raise TemplateRefused("not approved", template=template.name)
    return language or template.languages[0]


def sendable(rows: Sequence[Template], name: str) -> list[str]:
    """The languages in which Meta sends a template. Pure."""
    return [row.language for row in rows if row.name == name and row.status in SENDABLE]


def spoken(wanted: Sequence[str], approved: Sequence[str]) -> str:
    """The first wanted language that is approved: as it is, else a country's form of it. Pure."""
    for language in wanted:
        exact = [one for one in approved if one == language]
        of_country = [one for one in approved if one.split("_")[0] == language.split("_")[0]]
        if exact or of_country:
            return (exact or of_country)[0]
    return ""


async def refused(
    services: Services, business: str, template: str, language: str, code: int
) -> None:
    """Meta would not send it, for what it has become: it is not tried again until that changes."""
    if business and code in REFUSED:
        await tables.change(services, business, (template, language), {"status": REFUSED[code]})


def _warn_of_marketing(services: Services, key: Key, before: str, values: Values) -> None:
    """Meta made marketing of it: it costs more, and guests who want none do not get it."""
    if values.get("category") == MARKETING and before not in ("", MARKETING):
        services.log.warning("template_became_marketing", template=key[0], language=key[1])
