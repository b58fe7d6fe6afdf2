"""What Meta refuses at the messages endpoint, in its own words: a body in, a complaint out.

Independent of our sender on purpose: a mistake there must not repeat itself here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from agente_hotelero_channel_whatsapp.testing import bodies, refusals
from agente_hotelero_channel_whatsapp.testing.interactive import Interactive
from agente_hotelero_channel_whatsapp.testing.refusals import Refused
from agente_hotelero_channel_whatsapp.testing.template_parts import TemplateSend

PARTS: Mapping[str, TypeAdapter[Any]] = {
    "text": TypeAdapter(bodies.Text),
    "image": TypeAdapter(bodies.Captioned),
    "video": TypeAdapter(bodies.Captioned),
    "document": TypeAdapter(bodies.Document),
    "audio": TypeAdapter(bodies.Audio),
    "sticker": TypeAdapter(bodies.Asset),
    "location": TypeAdapter(bodies.Location),
    "contacts": TypeAdapter(list[bodies.Contact]),
    "reaction": TypeAdapter(bodies.Reaction),
    "interactive": TypeAdapter(Interactive),
    "template": TypeAdapter(TemplateSend),
}
READ = TypeAdapter(bodies.Read)
ENVELOPE = TypeAdapter(bodies.Envelope)
Shape = Literal["envelope", "part"]


def complaint(body: Mapping[str, Any]) -> tuple[int, str] | None:
    """Meta's error code and detail for a body it would refuse; None for a good one."""
    try:
        read(body) if "status" in body else part_of(body)
    except Refused as refused:
        return refused.code, refused.details
    return None


def read(body: Mapping[str, Any]) -> bodies.Read:
    """A read receipt. Raises Refused."""
    return _validated(READ, body, "")  # type: ignore[no-any-return]


def envelope_of(body: Mapping[str, Any]) -> bodies.Envelope:
    """A body without what it says. Raises Refused."""
    kind = body.get("type", "text")
    bare = {key: value for key, value in body.items() if key != kind}
    found: bodies.Envelope = _validated(ENVELOPE, bare, "")
    if not found.to and not found.recipient:
        raise Refused(code=refusals.BAD_PARAMETER, details="The parameter to is required.")
    return found


def part_of(body: Mapping[str, Any]) -> Any:
    """What a body says, as its model. Raises Refused."""
    envelope = envelope_of(body)
    kind = envelope.type
    if kind not in PARTS:
        allowed = ", ".join(name.upper() for name in sorted(PARTS))
        details = f'Param type must be one of {{{allowed}}} - got "{kind}".'
        raise Refused(code=refusals.BAD_PARAMETER, details=details)
    if kind not in body:
        details = f"Parameter '{kind}' is mandatory for type '{kind}'"
        raise Refused(code=refusals.MISSING, details=details)
    if kind == "reaction" and envelope.context is not None:
        raise Refused(code=refusals.INVALID, details="context: not with a reaction")
    found = _validated(PARTS[kind], body[kind], kind)
    if kind == "contacts" and not 1 <= len(found) <= bodies.CONTACTS:
        raise Refused(code=refusals.INVALID, details=f"contacts: between 1 and {bodies.CONTACTS}")
    return found


def _validated(model: TypeAdapter[Any], value: Any, where: str) -> Any:
    try:
        return model.validate_python(value)
    except ValidationError as error:
        raise _refused(error.errors()[0], where) from None


def _refused(error: ErrorDetails, where: str) -> Refused:
    """The first thing that is wrong, as Meta would put it."""
    path = ".".join(str(step) for step in (where, *error["loc"]) if step != "")
    kind, context = error["type"], error.get("ctx", {})
    match kind:
        case "missing":
            return Refused(code=_missing(path), details=f"The parameter {path} is required.")
        case "extra_forbidden":
            key = path.rpartition(".")[2]
            details = f'Unexpected key "{key}" on param "{path}".'
            return Refused(code=refusals.BAD_PARAMETER, details=details)
        case "string_too_long" if path == "text.body":
            details = f"Param text['body'] must be at most {context['max_length']} characters long."
            return Refused(code=refusals.BAD_PARAMETER, details=details)
        case "string_too_long" | "too_long":
            most = context["max_length"]
            details = f"{path} length invalid. Max length: {most}"
        case "union_tag_invalid":
            details = f"{path}: {context['tag']} is not one of {context['expected_tags']}"
        case _:
            details = f"{path}: {error['msg']}"
    one_line = "new-line/tab" in details
    return Refused(code=refusals.PARAMETERS if one_line else refusals.INVALID, details=details)


def _missing(path: str) -> int:
    return refusals.BAD_PARAMETER if path == "messaging_product" else refusals.MISSING
