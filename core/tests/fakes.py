"""Small components for tests of the core, which imports no plugin."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
import structlog
from agente_hotelero import Channel, Decision, Frame, Handler, HandlerRequest, Ingress, NlpEngine
from agente_hotelero._runtime.guard import Guard
from agente_hotelero._runtime.ingress import GuardedIngress
from agente_hotelero.components import Health, PluginConfig
from agente_hotelero.dialogue import Focus
from agente_hotelero.messages import (
    AccountNotice,
    Content,
    DeliveryState,
    DeliveryStatus,
    Entity,
    GuestMoved,
    Happening,
    Ignored,
    InboundEvent,
    InboundMessage,
    Intent,
    Media,
    MessageEdited,
    MessageRevoked,
    MessageTemplate,
    Option,
    OutboundMessage,
    Reacted,
    Reply,
    StaffWrote,
    Understanding,
    UnderstandRequest,
)


def event(key: str, text: str = "hola", *, account: str = "sol", **content: Any) -> dict[str, Any]:
    """One message as the fake provider writes it."""
    return {"key": key, "account": account, "guest": "ana", "text": text, **content}


def body(*events: dict[str, Any]) -> bytes:
    return orjson.dumps(list(events))


class FakeIngress(Ingress[PluginConfig]):
    """Bodies are lists of dicts; see `event`."""

    path = "fake"

    def parse(self, raw: bytes) -> Sequence[InboundEvent]:
        found = json.loads(raw)
        if found == "bug":
            raise KeyError("a bug of the plugin")
        return [
            InboundEvent(account=one["account"], key=one["key"], event=_inner(one)) for one in found
        ]


def guarded(kind: type[Ingress[Any]]) -> Ingress[Any]:
    """An ingress as the core holds it."""
    guard = Guard("fake", structlog.get_logger(), timeout=1, concurrency=1)
    return GuardedIngress(kind([]), guard)


def _inner(one: dict[str, Any]) -> Happening:
    at = datetime.fromisoformat(one.get("at", "2026-11-18T12:00:00+00:00"))
    if "ignored" in one:
        return Ignored(reason=one["ignored"])
    if "status" in one:
        state = DeliveryState(one["status"])
        return DeliveryStatus(
            provider_id=one["provider_id"],
            state=state,
            at=at,
            outbox_id=one.get("outbox_id"),
            failure=one.get("failure", ""),
            error=one.get("error", ""),
        )
    if "happening" in one:
        return _happening(one["happening"], one, at)
    media = Media(**one["media"]) if "media" in one else None
    content = Content(text=one["text"], choice=one.get("choice"), media=media)
    return InboundMessage(
        id=one["key"],
        address=one["guest"],
        sent_at=at,
        content=content,
        aliases=tuple(one.get("aliases", ())),
        thread=one.get("thread", ""),
        reply_to=one.get("reply_to", ""),
        extra=one.get("extra", {}),
        for_staff=one.get("for_staff", ""),
        email=one.get("email"),
        verified=one.get("verified", True),
    )


def _happening(kind: str, one: dict[str, Any], at: datetime) -> Happening:
    content, aliases = Content(text=one.get("text", "")), tuple(one.get("aliases", ()))
    match kind:
        case "edit":
            return MessageEdited(original_id=one["of"], content=content, at=at)
        case "revoke":
            return MessageRevoked(original_id=one["of"], at=at)
        case "react":
            return Reacted(message_id=one["of"], address=one["guest"], emoji=one["text"], at=at)
        case "staff":
            guest = one["guest"]
            return StaffWrote(id=one["key"], address=guest, content=content, at=at, aliases=aliases)
        case "moved":
            return GuestMoved(
                old=one["guest"], new=one["to"], phone=one.get("phone"), at=at, aliases=aliases
            )
        case _:
            return AccountNotice(kind=kind, detail={}, at=at, stops=one.get("stops", ""))


class FakeChannel(Channel[PluginConfig]):
    """Keeps what was sent; `errors` are raised first, one per call."""

    max_options = 3

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.sent: list[OutboundMessage] = []
        self.errors: list[Exception] = []
        self.template: MessageTemplate | None = None
        self.well = True

    def reopening(self, languages: Sequence[str]) -> MessageTemplate | None:
        return self.template

    async def health(self) -> Health:
        return Health(ok=self.well)

    @classmethod
    def account_ids(cls, config: PluginConfig, tenant: str) -> Sequence[str]:
        return [tenant]

    async def send(self, message: OutboundMessage) -> str:
        if self.errors:
            raise self.errors.pop(0)
        self.sent.append(message)
        return f"provider-{message.id}"


class FakeNlp(NlpEngine[PluginConfig]):
    """Each word that is an intent's name is that intent; "yes" and "no" are answers."""

    async def understand(self, request: UnderstandRequest) -> Understanding:
        words = request.text.split()
        intents = tuple(Intent(name=word, confidence=1.0, at=at) for at, word in enumerate(words))
        answers = {"yes": True, "no": False}
        entities = tuple(
            Entity(type="yes_no", text=word, span=(0, 0), value=answers[word])
            for word in words
            if word in answers
        )
        return Understanding(language="en", intents=intents, entities=entities, verdict="act")


class Asker(Handler[PluginConfig]):
    """Asks a question to "ask", and counts its answers; "boom" is a bug."""

    name = "fake.asker"
    intents = frozenset({"ask", "boom", "not_understood", "human_handoff"})

    async def handle(self, request: HandlerRequest) -> Decision:
        if request.wants("boom"):
            raise KeyError("boom")
        if request.wants("ask"):
            frame = Frame(
                handler=self.name,
                step="q",
                expects=("yes_no",),
                expires_at=request.now.replace(year=2030),
            )
            return Decision(frame=frame)
        said = request.first("yes_no")
        template = "fake/unclear" if said is None else "fake/answered"
        keep = request.frame if said is None else None
        return Decision(replies=(Reply(template=template),), frame=keep)

    def question(self, frame: Frame, focus: Focus, hotel_now: datetime) -> Reply | None:
        options = (Option(id="y", label="yes"), Option(id="n", label="no"))
        return Reply(template="fake/question", options=options)
