"""What the rehearsal's page can do, one function for each of its buttons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from agente_hotelero_channel_whatsapp.testing import notices
from agente_hotelero_channel_whatsapp.testing.faults import ErrorBy, Fault, MetaError
from agente_hotelero_channel_whatsapp.testing.guest import OPUS, Guest
from agente_hotelero_channel_whatsapp.testing.media import SUPPORTED
from agente_hotelero_channel_whatsapp.testing.templates import Template

if TYPE_CHECKING:
    from agente_hotelero_channel_whatsapp.testing.page import Rehearsal


class NoSense(Exception):
    """A form that cannot be meant; its text is for whoever filled it in."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """What was filled in: texts, and a file as (type, content)."""

    texts: Mapping[str, str]
    file: tuple[str, bytes] = ("", b"")

    def __getitem__(self, name: str) -> str:
        text = self.texts.get(name, "").strip()
        if not text:
            raise NoSense(f"{name} is missing")
        return text

    def number(self, name: str) -> float:
        try:
            return float(self[name])
        except ValueError:
            raise NoSense(f"{name} is not a number") from None


def say(rehearsal: Rehearsal, guest: int, form: Form) -> None:
    text = form["text"]
    rehearsal.note(guest, text)
    rehearsal.guests[guest].say(text)


def tap(rehearsal: Rehearsal, guest: int, form: Form) -> None:
    who = rehearsal.guests[guest]
    message = next((one for one in who.replies() if one.id == form["message"]), None)
    place = int(form.number("place"))
    if message is None or not 1 <= place <= len(message.options):
        raise NoSense("there is no such option")
    rehearsal.note(guest, f"☑ {message.options[place - 1][1]}")
    who.choose(message, place)


def send(rehearsal: Rehearsal, guest: int, form: Form) -> None:
    """A file as its type says: a photo, a voice note, a film, or else a document."""
    mime_type, body = form.file
    if not body:
        raise NoSense("the file is empty")
    who, caption = rehearsal.guests[guest], form.texts.get("caption", "").strip()
    kind = SUPPORTED.get(mime_type.partition(";")[0], (0, "document"))[1]
    rehearsal.note(guest, f"[{mime_type}] {caption}".strip())
    if kind == "image":
        who.send_image(body, mime_type, caption)
    elif kind == "audio":
        who.send_voice(body, OPUS if mime_type.startswith("audio/ogg") else mime_type)
    elif kind == "video":
        who.send_video(body, mime_type, caption)
    else:
        who.send_document(body, "document", mime_type or "application/octet-stream", caption)


def place(rehearsal: Rehearsal, guest: int, form: Form) -> None:
    latitude, longitude = form.number("latitude"), form.number("longitude")
    rehearsal.note(guest, f"[place] {latitude}, {longitude}")
    rehearsal.guests[guest].send_location(latitude, longitude)


def share(rehearsal: Rehearsal, guest: int, form: Form) -> None:
    phone = form["phone"]
    rehearsal.note(guest, f"[my number] {phone}")
    rehearsal.guests[guest].share_number(phone)


def react(rehearsal: Rehearsal, guest: int, form: Form) -> None:
    message = form["message"]
    rehearsal.note(guest, "👍")
    rehearsal.guests[guest].react(message)


def clock(rehearsal: Rehearsal, guest: int, form: Form) -> None:
    rehearsal.simulator.advance(timedelta(hours=min(max(form.number("hours"), 0), 24 * 31)))


def fault(rehearsal: Rehearsal, guest: int, form: Form) -> None:
    if form["fault"] not in set(Fault):
        raise NoSense("there is no such fault")
    rehearsal.simulator.faults.append(Fault(form["fault"]))


def meta_error(rehearsal: Rehearsal, guest: int, form: Form) -> None:
    by = ErrorBy.STATUS if form["by"] == "status" else ErrorBy.ANSWER
    rehearsal.simulator.faults.append(MetaError(code=int(form.number("code")), by=by))


def mend(rehearsal: Rehearsal, guest: int, form: Form) -> None:
    rehearsal.simulator.faults.clear()
    rehearsal.simulator.media_faults.clear()


def template(rehearsal: Rehearsal, guest: int, form: Form) -> None:
    made = Template(
        name=form["name"],
        language=form["language"],
        category=form["category"],
        body=form["body"],
        business_id=rehearsal.account.business_id,
    )
    rehearsal.simulator.templates.append(made)
    notices.template_is(rehearsal.simulator, made, "APPROVED")


def template_state(rehearsal: Rehearsal, guest: int, form: Form) -> None:
    known = {one.id: one for one in rehearsal.simulator.templates}
    if form["id"] not in known:
        raise NoSense("there is no such template")
    notices.template_is(rehearsal.simulator, known[form["id"]], form["status"])


def add_guest(rehearsal: Rehearsal, guest: int, form: Form) -> int:
    told = {name: form.texts.get(name, "").strip() for name in ("phone", "user_id", "username")}
    if not told["phone"] and not told["user_id"]:
        raise NoSense("a guest has a phone or a user id")
    made = Guest(rehearsal.simulator, rehearsal.account, name=form["name"], **told)
    rehearsal.guests.append(made)
    return len(rehearsal.guests) - 1


def marketing(rehearsal: Rehearsal, guest: int, form: Form) -> None:
    value = "stop" if form["value"] == "stop" else "resume"
    rehearsal.note(guest, f"[marketing messages] {value}")
    rehearsal.guests[guest].prefers(value)


def staff(rehearsal: Rehearsal, guest: int, form: Form) -> None:
    address = rehearsal.guests[guest].addresses[0]
    notices.staff_wrote(rehearsal.simulator, rehearsal.account, address, form["text"])


def ban(rehearsal: Rehearsal, guest: int, form: Form) -> None:
    banned = rehearsal.account.phone_number_id in rehearsal.simulator.troubles
    tell = notices.account_reinstated if banned else notices.account_disabled
    tell(rehearsal.simulator, rehearsal.account)


Action = Callable[["Rehearsal", int, Form], int | None]
ACTIONS: Mapping[str, Action] = {
    "say": say,
    "tap": tap,
    "send": send,
    "place": place,
    "share": share,
    "react": react,
    "clock": clock,
    "fault": fault,
    "meta_error": meta_error,
    "mend": mend,
    "template": template,
    "template_state": template_state,
    "guest": add_guest,
    "marketing": marketing,
    "staff": staff,
    "ban": ban,
}
