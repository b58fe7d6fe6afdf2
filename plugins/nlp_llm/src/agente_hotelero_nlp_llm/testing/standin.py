"""The endpoint's state and its answers, as OpenAI-compatible servers form them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agente_hotelero_nlp_llm.testing.models import Model, phrasebook

KEY = "sk-stand-in-0123456789"
MODEL = "stand-in-1"
JSON = "application/json"


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One answer over HTTP; `seconds` pass before it."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    media: str = JSON
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


# Its repr would be all that guests said.
@dataclass(kw_only=True, repr=False)
class StandIn:
    """An endpoint with one key and one model.

    `queued` answers go out first, each once, in place of its own; `always` in place of all of its
    own. Unless `constrained`, the model's words go out even if they do not fit the schema, as from
    servers that do not know `response_format`.
    """

    key: str | None = KEY
    model: str = MODEL
    thinks: Model = phrasebook
    constrained: bool = True
    queued: list[Answered] = field(default_factory=list)
    always: Answered | None = None
    calls: list[Call] = field(default_factory=list)


def completion(
    content: str | None, *, finish_reason: str = "stop", refusal: str | None = None
) -> Answered:
    """A completion with one choice."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}
    return _json(
        200,
        {
            "id": "chatcmpl-stand-in",
            "object": "chat.completion",
            "created": 1_795_000_000,
            "model": MODEL,
            "choices": [choice],
            "usage": {"prompt_tokens": 900, "completion_tokens": 90, "total_tokens": 990},
        },
    )


def models(name: str) -> Answered:
    """The list with one model."""
    entry = {"id": name, "object": "model", "created": 1_795_000_000, "owned_by": "stand-in"}
    return _json(200, {"object": "list", "data": [entry]})


def error(status: int, message: str, *, code: str = "", retry_after: int | None = None) -> Answered:
    """An error object."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    told = {"message": message, "type": kind, "param": None, "code": code or None}
    waits = {} if retry_after is None else {"retry-after": str(retry_after)}
    return _json(status, {"error": told}, waits)


def _json(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Answered:
    return Answered(status=status, body=json.dumps(body).encode(), headers=headers or {})
