"""What the model may say: the schema it is held to, and the form in which its answer is taken.

There is no place for an amount, an address or words to be said to a guest. Strict mode of these
endpoints wants every property required and nothing else allowed; what is absent is null.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, WithJsonSchema

from agente_hotelero_nlp_llm.meanings import MEANINGS


def _known(name: str) -> str:
    if name not in MEANINGS:
        raise ValueError("is not an intent")
    return name


Name = Annotated[
    str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": list(MEANINGS)})
]


class Part(BaseModel):
    """Base of all parts; an error never shows what was said."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class Wish(Part):
    """An intent with the words that show it."""

    name: Name
    certainty: Literal["high", "medium", "low"]
    quote: str


class StaySaid(Part):
    """Dates as YYYY-MM-DD."""

    quote: str
    arrival: str | None
    departure: str | None
    nights: int | None


class PartySaid(Part):
    """How many people travel; children counts all of them."""

    quote: str
    adults: int | None
    children: int | None
    child_ages: list[int]


class Numbered(Part):
    """A count, or the number of an entry of a list that the model was given."""

    quote: str
    number: int


class YesNoSaid(Part):
    """Conditional is any agreement that depends on something."""

    quote: str
    answer: Literal["yes", "no", "conditional"]


class Answer(Part):
    """All that the model can say of one message; a bare string is the guest's own words."""

    language: str
    intents: list[Wish]
    stay: StaySaid | None
    party: PartySaid | None
    rooms: Numbered | None
    room_type: Numbered | None
    rate: Numbered | None
    option: Numbered | None
    yes_no: YesNoSaid | None
    person: str | None
    email: str | None
    phone: str | None
    reference: str | None


def schema(languages: Sequence[str]) -> dict[str, Any]:
    """The same for every message of a hotel: endpoints take long over a schema they do not know."""
    whole = Answer.model_json_schema()
    whole["properties"]["language"] = {"type": "string", "enum": list(languages)}
    return whole
