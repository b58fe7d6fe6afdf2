"""``POST /<number>/messages``: what Meta makes of a body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastapi import Response
from fastapi.responses import JSONResponse

from agente_hotelero_channel_whatsapp.testing import bodies, faults, interactive, limits, refusals
from agente_hotelero_channel_whatsapp.testing.accounts import Sent
from agente_hotelero_channel_whatsapp.testing.faults import ErrorBy, Fault, MetaError
from agente_hotelero_channel_whatsapp.testing.refusals import Refused
from agente_hotelero_channel_whatsapp.testing.shown import FILES, shown
from agente_hotelero_channel_whatsapp.testing.template_parts import Header, TemplateSend
from agente_hotelero_channel_whatsapp.testing.templates import Template, find

if TYPE_CHECKING:
    from agente_hotelero_channel_whatsapp.testing.simulator import Simulator


def take(simulator: Simulator, number: str, body: Mapping[str, Any], scope: object) -> Response:
    """A message or a read receipt. Raises Refused."""
    if "status" in body:
        return _read(simulator, limits.read(body))
    part = limits.part_of(body)
    template = _template(simulator, number, part)
    _check_files(simulator, number, str(body.get("type", "text")), part)
    _check_recipient(body, template)
    fault = simulator.faults.pop(0) if simulator.faults else None
    if isinstance(fault, Fault) and fault not in faults.ACCEPTING:
        return simulator.suffer(fault, scope)
    to = recipient(simulator, body)
    injected = fault if isinstance(fault, MetaError) else None
    error = injected or trouble(simulator, number, to, template, part)
    if error is not None and error.by is ErrorBy.ANSWER:
        raise Refused(code=error.code, details=error.details)
    message = shown(number, to, body, part, template)
    simulator.sent.append(message)
    simulator.report_later(message, error)
    if isinstance(fault, Fault) and fault is not Fault.SLOW_BODY:
        return simulator.suffer(fault, scope)
    answer = _accepted(body, message)
    return faults.trickling(answer) if fault is Fault.SLOW_BODY else JSONResponse(answer)


def recipient(simulator: Simulator, body: Mapping[str, Any]) -> str:
    """Digits as WhatsApp knows them, or a user id; of both, the number counts."""
    if body.get("to"):
        digits = str(body["to"]).removeprefix("+")
        return simulator.known_as.get(digits, digits)
    return str(body["recipient"])


def trouble(
    simulator: Simulator, number: str, to: str, template: Template | None, part: Any
) -> MetaError | None:
    """Why a good body is not delivered all the same."""
    now = simulator.clock.now()
    known = simulator.troubles.get(number) or simulator.troubles.get(to)
    if known is not None:
        return known
    if simulator.allowed is not None and to not in simulator.allowed:
        return MetaError(code=refusals.NOT_ALLOWED)
    marketing = template is not None and template.category == "MARKETING"
    if marketing and (number, to) in simulator.opted_out:
        return MetaError(code=refusals.STOPPED_MARKETING, by=ErrorBy.STATUS)
    if getattr(part, "link", None) in simulator.broken_links:
        details = "Media could not be downloaded from the given address"
        return MetaError(code=refusals.MEDIA_UPLOAD, by=ErrorBy.STATUS, details=details)
    code = simulator.pacing.too_much(number, to, now)
    if code is not None:
        return MetaError(code=code)
    late = template is None and not simulator.pacing.open(number, to, now)
    if simulator.window is not None and late:
        return MetaError(code=refusals.WINDOW_CLOSED, by=simulator.window)
    return None


def _read(simulator: Simulator, receipt: bodies.Read) -> Response:
    simulator.read.append(receipt.message_id)
    if receipt.typing_indicator is not None:
        simulator.typing.append(receipt.message_id)
    return JSONResponse({"success": True})


def _template(simulator: Simulator, number: str, part: Any) -> Template | None:
    if not isinstance(part, TemplateSend):
        return None
    business = simulator.account(number).business_id
    return find([one for one in simulator.templates if one.business_id == business], part)


def _check_recipient(body: Mapping[str, Any], template: Template | None) -> None:
    """One-time passwords go to telephone numbers only."""
    if template is not None and template.category == "AUTHENTICATION" and not body.get("to"):
        raise Refused(code=refusals.NO_BSUID)


def _check_files(simulator: Simulator, number: str, kind: str, part: Any) -> None:
    for inner, asset in _assets(kind, part):
        if asset.id is not None:
            simulator.media.require(number, inner, asset.id)
        if getattr(asset, "voice", False) and asset.id is not None:
            simulator.media.require_voice(number, asset.id)


def _assets(kind: str, part: Any) -> list[tuple[str, bodies.Asset]]:
    """Every file that a message names, with the kind that it must be."""
    if kind in FILES:
        return [(kind, part)]
    header = getattr(part, "header", None)
    if isinstance(part, TemplateSend):
        named = [one for one in part.part(Header) if one.type in FILES]
        return [(one.type, getattr(one, one.type)) for one in named]
    if header is not None and not isinstance(header, interactive.TextHeader):
        return [(header.type, getattr(header, header.type))]
    return []


def _accepted(body: Mapping[str, Any], message: Sent) -> dict[str, Any]:
    """The answer to a message that was taken."""
    by_phone = bool(body.get("to"))
    known = {"wa_id": message.to} if by_phone else {"user_id": message.to}
    contact = {"input": str(body["to"] if by_phone else body["recipient"]), **known}
    paced = {"message_status": "accepted"} if message.template else {}
    return {
        "messaging_product": "whatsapp",
        "contacts": [contact],
        "messages": [{"id": message.id, **paced}],
    }
