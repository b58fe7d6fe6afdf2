"""What an operator should know of a number, found by asking Meta; changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx
from agente_hotelero import Finding, Health
from agente_hotelero.errors import AuthFailed, HoteleroError

from agente_hotelero_channel_whatsapp import templates
from agente_hotelero_channel_whatsapp.errors import UNKNOWN_OBJECT, Refused, error_of
from agente_hotelero_channel_whatsapp.graph import Graph
from agente_hotelero_channel_whatsapp.wire import Json, table, tables, text

if TYPE_CHECKING:
    from agente_hotelero_channel_whatsapp.channel import WhatsAppChannel

FIELDS = (
    "display_phone_number,verified_name,quality_rating,name_status,throughput,"
    "code_verification_status"
)
MOST_SKEW_SECONDS = 60.0
META = "https://graph.facebook.com"
ACCESS_ADVICE = (
    "make a token of a system user that does not expire, with whatsapp_business_messaging and "
    "whatsapp_business_management, for the app whose secret is configured; see "
    "docs/channel-whatsapp.md"
)
NUMBER_ADVICE = (
    "phone_number_id is the long number below the telephone number, in WhatsApp > API setup; the "
    "token's system user needs the WhatsApp account among its assets"
)


async def health(graph: Graph) -> Health:
    """Whether Meta would take a message now."""
    try:
        number = table((await ask_number(graph)).json())
    except (HoteleroError, ValueError) as error:
        return Health(ok=False, detail=f"{type(error).__name__}: {error}".rstrip(": "))
    wrong = [finding.what for finding in blocked(number)]
    return Health(ok=not wrong, detail="; ".join(wrong) or "Meta answers, and takes the token")


async def ask_number(graph: Graph) -> httpx.Response:
    """What Meta knows of the number, with its health where this version of the API tells it.
    Raises errors of the tree."""
    try:
        try:
            return await graph.ask(graph.account, fields=f"{FIELDS},health_status")
        except Refused as refused:
            if refused.refusal.code != UNKNOWN_OBJECT:
                raise
            return await graph.ask(graph.account, fields=FIELDS)
    except Refused as refused:
        raise error_of(refused.refusal, writes=False) from refused


async def diagnose(channel: WhatsAppChannel) -> Sequence[Finding]:
    try:
        answer = await ask_number(channel.graph)
        number = table(answer.json())
    except (HoteleroError, ValueError) as error:
        return [_no_number(error)]
    found = [
        _elsewhere(channel.graph.base),
        *of_number(number),
        *blocked(number),
        of_clock(answer.headers.get("date", ""), channel.services.clock.now()),
    ]
    if not channel.business:
        advice = "set business_account_id to have them looked at"
        what = "templates and the webhook's subscription are not looked at"
        return [*filter(None, found), Finding(ok=True, what=what, advice=advice)]
    return [*filter(None, found), *await _subscription(channel), *await _templates(channel)]


def _no_number(error: Exception) -> Finding:
    if isinstance(error, AuthFailed):
        return Finding(ok=False, what=f"Meta refuses the token: {error}", advice=ACCESS_ADVICE)
    what = f"Meta does not tell of the number: {type(error).__name__} {error}".strip()
    if str(error) == f"code {UNKNOWN_OBJECT}":
        return Finding(ok=False, what=what, advice=NUMBER_ADVICE)
    return Finding(ok=False, what=what, advice="see that api_base_url can be reached from here")


def _elsewhere(base: str) -> Finding | None:
    if base.startswith(META):
        return None
    return Finding(ok=True, what=f"messages go to {base}", advice="that is not Meta: a rehearsal?")


def of_number(number: Json) -> Iterator[Finding]:
    """What Meta says of the number itself. Pure."""
    shown, name = text(number.get("display_phone_number")), text(number.get("verified_name"))
    rating = text(number.get("quality_rating")) or "UNKNOWN"
    level = text(table(number.get("throughput")).get("level")) or "not told"
    what = (
        f"number {shown or '?'}, {name or 'without a name'}: quality {rating}, throughput {level}"
    )
    yield Finding(ok=True, what=what)
    if rating in ("RED", "YELLOW"):
        advice = "guests block or report the hotel: write less that they did not ask for"
        yield Finding(ok=rating != "RED", what=f"the quality rating is {rating}", advice=advice)
    status = text(number.get("name_status"))
    if status in ("DECLINED", "EXPIRED", "NONE"):
        advice = "choose another display name in WhatsApp Manager > Phone numbers"
        yield Finding(ok=False, what=f"the display name is {status}", advice=advice)
    verified = text(number.get("code_verification_status"))
    if verified in ("NOT_VERIFIED", "EXPIRED"):
        advice = "only new registrations need it: verify the number in WhatsApp Manager"
        yield Finding(ok=True, what=f"the number's verification is {verified}", advice=advice)


def blocked(number: Json) -> Iterator[Finding]:
    """What keeps messages from being sent, in Meta's words: payment, verification, a ban. Pure."""
    status = table(number.get("health_status"))
    for entity in tables(status.get("entities")):
        if text(entity.get("can_send_message")) == "BLOCKED":
            for error in tables(entity.get("errors")) or [{}]:
                kind = text(entity.get("entity_type")) or "something"
                why = text(error.get("error_description")) or "no reason told"
                yield Finding(
                    ok=False,
                    what=f"{kind} cannot send messages: {why}",
                    advice=text(error.get("possible_solution")) or "see WhatsApp Manager",
                )


def of_clock(told: str, now: datetime) -> Finding | None:
    """How far our clock is from Meta's: windows are counted by it. Pure."""
    try:
        there = parsedate_to_datetime(told)
    except ValueError:
        return None
    skew = abs((now - there.astimezone(UTC)).total_seconds())
    if skew <= MOST_SKEW_SECONDS:
        return Finding(ok=True, what=f"the clock is right to {skew:.0f} seconds")
    advice = "let the machine's clock be set by NTP"
    return Finding(ok=False, what=f"the clock is {skew:.0f} seconds off", advice=advice)


async def _subscription(channel: WhatsAppChannel) -> Sequence[Finding]:
    """Whether Meta sends the account's events to an app at all."""
    try:
        answer = await channel.graph.get(f"{channel.business}/subscribed_apps")
    except HoteleroError as error:
        return [Finding(ok=False, what=f"subscribed_apps: {error}", advice=ACCESS_ADVICE)]
    apps = [
        text(table(app.get("whatsapp_business_api_data")).get("name")) or "an app"
        for app in tables(table(answer).get("data"))
    ]
    if apps:
        return [Finding(ok=True, what=f"webhooks go to {', '.join(apps)}")]
    advice = f"POST /{channel.business}/subscribed_apps with the token; docs/channel-whatsapp.md"
    return [Finding(ok=False, what="no app hears of this account's messages", advice=advice)]


async def _templates(channel: WhatsAppChannel) -> Sequence[Finding]:
    """The states of templates as they are now; the table is left to the hourly job."""
    try:
        listed = await templates.read_list(channel.graph, channel.business)
    except HoteleroError as error:
        return [Finding(ok=False, what=f"message_templates: {error}", advice=ACCESS_ADVICE)]
    good = {key for key, one in listed.items() if one["status"] in templates.SENDABLE}
    found = [Finding(ok=True, what=f"templates: {len(good)} of {len(listed)} are approved")]
    found += [
        Finding(ok=True, what=f"template {name} ({language}) is {one['status']}")
        for (name, language), one in listed.items()
        if (name, language) not in good
    ]
    reopen = channel.config.reopen_template
    approved = sorted(language for name, language in good if name == reopen)
    return [*found, of_reopening(reopen, channel.services.languages, approved)]


def of_reopening(name: str, wanted: Sequence[str], approved: Sequence[str]) -> Finding:
    """Whether guests can be asked to write again, in their languages. Pure."""
    if not name:
        what = "what is held for guests after 24 hours waits until they write again"
        return Finding(ok=True, what=what, advice="reopen_template would ask them to")
    missing = [one for one in wanted if not templates.spoken([one], approved)]
    advice = f"have it approved in {', '.join(missing)} as utility, without parameters"
    what = f"reopen_template {name} is approved in {', '.join(approved) or 'no language'}"
    return Finding(ok=bool(approved), what=what, advice=advice if missing else "")
