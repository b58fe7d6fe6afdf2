"""Options as buttons, else as a list, else as numbers in the text: always in this order. Pure.

Limits: Meta's reference of interactive messages. Buttons: 3, title 20, id 256 without spaces around
it, body 1,024, and a picture above. Lists: 10 rows, title 24, id 200, body 4,096, no picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agente_hotelero.messages import OfferedOption

BUTTONS, BUTTON_TITLE, BUTTON_ID, BUTTON_BODY = 3, 20, 256, 1024
ROWS, ROW_TITLE, ROW_ID, LIST_BODY = 10, 24, 200, 4096
LIST_LABEL = "☰"
Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """What the options fit into; `body` is how much text goes with them."""

    kind: str
    body: int
    action: Json

    def build(self, text: str, picture: str = "") -> Json:
        header = {"header": {"type": "image", "image": {"link": picture}}} if picture else {}
        inner = {"type": self.kind, **header, "body": {"text": text}, "action": self.action}
        return {"type": "interactive", "interactive": inner}


def form_of(options: Sequence[OfferedOption]) -> Form | None:
    """None where there are no options, or they fit into nothing."""
    if not options:
        return None
    if len(options) <= BUTTONS and _fit(options, BUTTON_TITLE, BUTTON_ID):
        buttons = [{"type": "reply", "reply": {"id": o.id, "title": o.title}} for o in options]
        return Form(kind="button", body=BUTTON_BODY, action={"buttons": buttons})
    if len(options) <= ROWS and _fit(options, ROW_TITLE, ROW_ID):
        rows = [{"id": one.id, "title": one.title} for one in options]
        action = {"button": LIST_LABEL, "sections": [{"rows": rows}]}
        return Form(kind="list", body=LIST_BODY, action=action)
    return None


def with_picture(text: str, options: Sequence[OfferedOption], picture: str) -> Json | None:
    """Picture, text and buttons as one message, which costs less than two; None if they do not
    fit into one."""
    form = form_of(options)
    if form is None or form.kind != "button" or not 0 < len(text) <= form.body:
        return None
    return form.build(text, picture)


def numbered(text: str, options: Sequence[OfferedOption]) -> str:
    lines = [f"{number}. {one.title}" for number, one in enumerate(options, 1)]
    return "\n".join(filter(None, [text, *lines]))


def _fit(options: Sequence[OfferedOption], longest: int, longest_id: int) -> bool:
    titles, ids = [one.title for one in options], [one.id for one in options]
    distinct = len(set(titles)) == len(titles) and len(set(ids)) == len(ids)
    fit = all(len(title.strip()) > 0 and len(title) <= longest for title in titles)
    return distinct and fit and all(0 < len(one.strip()) == len(one) <= longest_id for one in ids)
