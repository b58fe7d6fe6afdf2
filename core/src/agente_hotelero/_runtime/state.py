"""Where a dialogue stands, and its form in the database."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from agente_hotelero.dialogue import Focus, Frame

MAX_FRAMES = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """The stack of questions in progress, the last on top, and the shared focus. `written`: the
    guest wants to read what is spoken too."""

    frames: tuple[Frame, ...] = ()
    focus: Focus = field(default_factory=Focus)
    written: bool = False

    @property
    def top(self) -> Frame | None:
        return self.frames[-1] if self.frames else None

    def fresh(self, now: datetime) -> State:
        """Without the frames whose time is over."""
        kept = tuple(frame for frame in self.frames if frame.expires_at > now)
        return replace(self, frames=kept)

    def asked(self, now: datetime) -> State:
        """With the top question asked at this instant."""
        top = replace(self.frames[-1], asked_at=now)
        return replace(self, frames=(*self.frames[:-1], top))

    def back_to(self, handler: str) -> State:
        """Without the questions that were asked after this handler's: they were passed over."""
        places = [n for n, frame in enumerate(self.frames, 1) if frame.handler == handler]
        return replace(self, frames=self.frames[: places[-1]] if places else self.frames)


_STATE = TypeAdapter(State)


def dump(state: State) -> dict[str, Any]:
    dumped: dict[str, Any] = _STATE.dump_python(state, mode="json")
    return dumped


def parse(stored: dict[str, Any]) -> State:
    return _STATE.validate_python(stored) if stored else State()


def put(frames: tuple[Frame, ...], frame: Frame) -> tuple[Frame, ...]:
    """`frame` on top, in place of an older one of its handler; the oldest falls off the bottom."""
    others = tuple(old for old in frames if old.handler != frame.handler)
    return (*others, frame)[-MAX_FRAMES:]


def drop(frames: tuple[Frame, ...], handler: str) -> tuple[Frame, ...]:
    return tuple(frame for frame in frames if frame.handler != handler)
