"""A guest whose words go straight into the conversation: no queue and no WhatsApp in between.

For trying many wordings: what is understood, decided and worded is the real thing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any

from agente_hotelero._runtime import rendering
from agente_hotelero._runtime import state as states
from agente_hotelero._runtime.conversation import Talk, converse
from agente_hotelero._runtime.rendering import Bubble
from agente_hotelero._runtime.state import State
from agente_hotelero.messages import Content, InboundMessage

from tests.support.running import RunningAgent


@dataclass(kw_only=True)
class DirectGuest:
    """Writes to one hotel of a running agent, and sees what it answers; staff are silent."""

    running: RunningAgent
    hotel: str
    phone: str
    sent: list[Any] = field(default_factory=list)
    rows: list[Any] = field(default_factory=list)
    state: State = field(default_factory=State)
    language: str | None = None
    left_to_people: bool = False

    def replies(self, after: int = 0) -> list[Any]:
        return self.sent[after:]

    def say(self, text: str) -> None:
        self._write(Content(text=text))

    def tap(self, place: int) -> None:
        """Tap the option at a place (from 1) of the last message that has any."""
        message = next(one for one in reversed(self.sent) if one.options)
        option, title = message.options[place - 1]
        self._write(Content(text=title, choice=option))

    def conversation(self) -> Any:
        """As the row of the database shows it."""
        return SimpleNamespace(state=states.dump(self.state))

    def _write(self, content: Content) -> None:
        if not self.left_to_people:
            for bubble in self.running.do(self._answer(content)):
                self._keep(bubble)

    async def _answer(self, content: Content) -> list[Bubble]:
        agent = self.running.agent
        tenant, live = agent.tenants[self.hotel], agent.live
        now = self.running.clock.now().astimezone(tenant.settings.zone)
        message = InboundMessage(id="m", address=self.phone, sent_at=now, content=content)
        talk = Talk(
            tenant=tenant.present(partial(live.on, tenant.id)),
            renderer=live.renderer_of(tenant.id),
            now=now,
            state=self.state,
            language=self.language,
            messages=[message],
            profile_name="Guest",
            phone=f"+{self.phone}",
        )
        outcome = await converse(talk)
        self.state = states.parse(states.dump(outcome.state))
        self.language, self.left_to_people = outcome.language, outcome.handover is not None
        (channel, _), *_ = (
            found for key, found in tenant.channels.items() if key[0] == "channel_whatsapp"
        )
        return rendering.render(
            outcome.replies,
            talk.renderer,
            language=outcome.language,
            zone=tenant.settings.zone,
            can=rendering.Abilities.of(channel),
        )

    def _keep(self, bubble: Bubble) -> None:
        """As the outbox holds it, and as the guest's telephone shows it."""
        number, point = len(self.rows) + 1, bubble.location
        self.rows.append(
            SimpleNamespace(
                id=number,
                acts=list(bubble.acts),
                amounts=[dict(amount) for amount in bubble.amounts],
                content={"text": bubble.text},
            )
        )
        self.sent.append(
            SimpleNamespace(
                text=bubble.text,
                mark=str(number),
                options=tuple((one.id, one.title) for one in bubble.options),
                image=bubble.image.url if bubble.image else "",
                location=(point.latitude, point.longitude) if point else None,
            )
        )
