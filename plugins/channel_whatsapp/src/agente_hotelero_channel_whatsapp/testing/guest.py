"""A guest with a phone."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from agente_hotelero_channel_whatsapp.testing.simulator import Account, Sent, Simulator


@dataclass
class Guest:
    """Writes to one number and sees what it answers."""

    simulator: Simulator
    account: Account
    phone: str
    name: str = "Guest"

    def say(self, text: str, *, times: int = 1) -> str:
        """Send a text, the same webhook `times` times; returns the message's id."""
        return self._send({"type": "text", "text": {"body": text}}, times)

    def tap(self, place: int, *, times: int = 1) -> str:
        """Tap the option at a place (from 1) of the last message that has any."""
        message = next(one for one in reversed(self.replies()) if one.options)
        option_id, title = message.options[place - 1]
        kind = "button_reply" if len(message.options) <= 3 else "list_reply"
        reply = {"type": kind, kind: {"id": option_id, "title": title}}
        return self._send({"type": "interactive", "interactive": reply}, times)

    def replies(self, after: int = 0) -> list[Sent]:
        """What this number sent to this phone, in order."""
        mine = (self.account.phone_number_id, self.phone)
        found = [one for one in list(self.simulator.sent) if (one.account, one.to) == mine]
        return found[after:]

    def _send(self, content: dict[str, Any], times: int) -> str:
        message_id = f"wamid.{uuid.uuid4().hex}"
        message = {
            "from": self.phone,
            "id": message_id,
            "timestamp": str(int(self.simulator.now().timestamp())),
            **content,
        }
        contact = {"profile": {"name": self.name}, "wa_id": self.phone}
        value = {"contacts": [contact], "messages": [message]}
        self.simulator.deliver(self.account, value, times=times)
        return message_id
