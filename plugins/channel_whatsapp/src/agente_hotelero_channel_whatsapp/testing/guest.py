"""A guest with a phone."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agente_hotelero_channel_whatsapp.testing.accounts import Account, Person, Sent
from agente_hotelero_channel_whatsapp.testing.media import RECEIVED_FOR
from agente_hotelero_channel_whatsapp.testing.simulator import Simulator
from agente_hotelero_channel_whatsapp.testing.webhooks import of_number

OPUS = "audio/ogg; codecs=opus"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
Json = dict[str, Any]


@dataclass
class Guest:
    """Writes to one number and sees what it answers.

    With a `user_id` (a business-scoped one, ``CC.…``) webhooks carry it too; who has a `username`
    and no `phone` is known by the user id alone.
    """

    simulator: Simulator
    account: Account
    phone: str
    name: str = "Guest"
    user_id: str = ""
    username: str = ""

    def __post_init__(self) -> None:
        person = Person(
            phone=self.phone, user_id=self.user_id, username=self.username, name=self.name
        )
        for address in self.addresses:
            self.simulator.people[address] = person

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(one for one in (self.phone, self.user_id) if one)

    # ── writing ──────────────────────────────────────────────────────────────────────────────────

    def say(self, text: str, *, times: int = 1, reply_to: str = "") -> str:
        """Send a text, the same webhook `times` times; returns the message's id."""
        return self._send({"type": "text", "text": {"body": text}}, times, reply_to)

    def tap(self, place: int, *, times: int = 1) -> str:
        """Tap the option at a place (from 1) of the last message that has any."""
        message = next(one for one in reversed(self.replies()) if one.options)
        return self.choose(message, place, times=times)

    def choose(self, message: Sent, place: int, *, times: int = 1) -> str:
        """Tap an option of a message, the last or an older one."""
        option_id, title = message.options[place - 1]
        if message.template:
            button = {"payload": option_id, "text": title}
            return self._send({"type": "button", "button": button}, times, message.id)
        listed = message.body.get("interactive", {}).get("type") == "list"
        kind = "list_reply" if listed else "button_reply"
        reply = {"type": kind, kind: {"id": option_id, "title": title}}
        return self._send({"type": "interactive", "interactive": reply}, times, message.id)

    def send_image(self, body: bytes = PNG, mime_type: str = "image/png", caption: str = "") -> str:
        return self._send_file("image", body, mime_type, **_told(caption=caption))

    def send_voice(self, body: bytes, mime_type: str = OPUS) -> str:
        return self._send_file("audio", body, mime_type, voice=True)

    def send_audio(self, body: bytes, mime_type: str = "audio/mpeg") -> str:
        return self._send_file("audio", body, mime_type, voice=False)

    def send_video(self, body: bytes, mime_type: str = "video/mp4", caption: str = "") -> str:
        return self._send_file("video", body, mime_type, **_told(caption=caption))

    def send_document(
        self, body: bytes, filename: str, mime_type: str = "application/pdf", caption: str = ""
    ) -> str:
        more = _told(caption=caption)
        return self._send_file("document", body, mime_type, filename=filename, **more)

    def send_sticker(self, body: bytes, *, animated: bool = False) -> str:
        return self._send_file("sticker", body, "image/webp", animated=animated)

    def send_location(
        self, latitude: float, longitude: float, name: str = "", address: str = ""
    ) -> str:
        point = {"latitude": latitude, "longitude": longitude, **_told(name=name, address=address)}
        return self._send({"type": "location", "location": point})

    def send_contact(self, name: str, phone: str) -> str:
        """A contact out of the address book."""
        number = {"phone": phone, "wa_id": "".join(filter(str.isdigit, phone)), "type": "CELL"}
        card = {"name": {"formatted_name": name, "first_name": name}, "phones": [number]}
        return self._send({"type": "contacts", "contacts": [card]})

    def share_number(self, phone: str) -> str:
        """Tap the button of a request for contact data: the guest's own number."""
        card = {"phones": [{"phone": f"+{phone}"}]}
        return self._send({"type": "contacts", "origin": "contact_request", "contacts": [card]})

    def react(self, message_id: str, emoji: str = "👍") -> str:
        """An empty emoji takes the mark away. It does not open the window."""
        mark = {"message_id": message_id, **_told(emoji=emoji)}
        return self._send({"type": "reaction", "reaction": mark}, counts=False)

    def edit(self, message_id: str, text: str) -> str:
        inner = {"type": "text", "text": {"body": text}}
        part = {"original_message_id": message_id, "message": inner}
        return self._send({"type": "edit", "edit": part}, counts=False)

    def revoke(self, message_id: str) -> str:
        part = {"original_message_id": message_id}
        return self._send({"type": "revoke", "revoke": part}, counts=False)

    def send_unsupported(self, kind: str = "poll_creation") -> str:
        """What the Cloud API cannot show: a poll, a view-once photo."""
        error = {"code": 131051, "title": "Message type unknown", "message": "Message type unknown"}
        content = {"type": "unsupported", "errors": [error], "unsupported": {"type": kind}}
        return self._send(content, counts=False)

    def send_raw(self, content: Mapping[str, Any]) -> str:
        """Anything: `content` goes beside sender, id and stamp."""
        return self._send(dict(content))

    # ── about himself ────────────────────────────────────────────────────────────────────────────

    def prefers(self, value: str) -> None:
        """``stop`` or ``resume`` marketing messages, in WhatsApp's own settings."""
        pair = {(self.account.phone_number_id, address) for address in self.addresses}
        if value == "stop":
            self.simulator.opted_out |= pair
        else:
            self.simulator.opted_out -= pair
        preference = {
            "wa_id": self.phone,
            "user_id": self.user_id,
            "detail": f"User requested to {value} marketing messages",
            "category": "marketing_messages",
            "value": value,
            "timestamp": int(self.simulator.clock.stamp()),
        }
        told = {key: item for key, item in preference.items() if item}
        change = {"contacts": [self._contact()], "user_preferences": [told]}
        self.simulator.tell(of_number(self.account, change, "user_preferences"))

    def change_number(self, new: str, user_id: str = "") -> str:
        """A new telephone number, and with it a new user id where there was one."""
        old, self.phone = self.phone, new
        system: Json = {
            "body": f"User {self.name} changed from {old} to {new}",
            "wa_id": new,
            "type": "user_changed_number",
        }
        if user_id:
            system |= {"user_id": user_id, "previous_user_id": self.user_id}
            self.user_id = user_id
        self.__post_init__()
        return self._system(system, {"from": old})

    def change_user_id(self, new: str) -> str:
        """A new user id of a guest whose number nobody knows."""
        system = {
            "body": f"User {self.name} changed user id",
            "user_id": new,
            "previous_user_id": self.user_id,
            "type": "user_changed_user_id",
        }
        self.user_id = new
        self.__post_init__()
        return self._system(system, {})

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def replies(self, after: int = 0) -> list[Sent]:
        """What this number sent to this guest, in order; reactions are not among it."""
        number = self.account.phone_number_id
        mine = [one for one in list(self.simulator.sent) if one.account == number]
        found = [one for one in mine if one.to in self.addresses and one.kind != "reaction"]
        return found[after:]

    # ── webhooks ─────────────────────────────────────────────────────────────────────────────────

    def _contact(self) -> Json:
        profile = {"name": self.name, **_told(username=self.username)}
        return {"profile": profile, **_told(wa_id=self.phone, user_id=self.user_id)}

    def _send_file(self, kind: str, body: bytes, mime_type: str, **more: Any) -> str:
        media = self.simulator.media
        file = media.put(self.account.phone_number_id, body, mime_type, lasts=RECEIVED_FOR)
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        url = media.url(self.simulator.url, file)
        part = {"mime_type": mime_type, "sha256": digest, "id": file.id, "url": url, **more}
        return self._send({"type": kind, kind: part})

    def _send(
        self, content: Json, times: int = 1, reply_to: str = "", *, counts: bool = True
    ) -> str:
        message_id = f"wamid.{uuid.uuid4().hex}"
        context = {"from": self.account.display_phone_number, "id": reply_to} if reply_to else {}
        message = {
            **({"context": context} if context else {}),
            **_told(**{"from": self.phone, "from_user_id": self.user_id}),
            "id": message_id,
            "timestamp": self.simulator.clock.stamp(),
            **content,
        }
        if counts:
            number, now = self.account.phone_number_id, self.simulator.clock.now()
            self.simulator.pacing.heard(number, self.addresses, now)
        value = {"contacts": [self._contact()], "messages": [message]}
        self.simulator.deliver(self.account, value, times=times)
        return message_id

    def _system(self, system: Json, sender: Json) -> str:
        message_id = f"wamid.{uuid.uuid4().hex}"
        stamp = self.simulator.clock.stamp()
        told = {**sender, "id": message_id, "timestamp": stamp, "type": "system", "system": system}
        self.simulator.deliver(self.account, {"messages": [told]})
        return message_id


def _told(**parts: str) -> dict[str, str]:
    """Only what there is."""
    return {key: value for key, value in parts.items() if value}
