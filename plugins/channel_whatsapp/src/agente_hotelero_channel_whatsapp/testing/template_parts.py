"""The `template` object of a message, as a model.

From Meta's pages "Template components" and "Named and positional parameters".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from agente_hotelero_channel_whatsapp.testing.bodies import Asset, Document, Location, Part, Said


def _one_line(value: str) -> str:
    if re.search(r"[\n\t]| {5}", value):
        raise ValueError("cannot have new-line/tab characters or more than 4 consecutive spaces")
    return value


class TextParameter(Part):
    type: Literal["text"]
    text: Annotated[Said, AfterValidator(_one_line)]
    parameter_name: str | None = None


class Currency(Part):
    fallback_value: Said
    code: str
    amount_1000: int


class CurrencyParameter(Part):
    type: Literal["currency"]
    currency: Currency
    parameter_name: str | None = None


class ImageParameter(Part):
    type: Literal["image"]
    image: Asset


class VideoParameter(Part):
    type: Literal["video"]
    video: Asset


class DocumentParameter(Part):
    type: Literal["document"]
    document: Document


class LocationParameter(Part):
    type: Literal["location"]
    location: Location


class PayloadParameter(Part):
    type: Literal["payload"]
    payload: str = Field(min_length=1, max_length=256)


HeaderParameter = Annotated[
    TextParameter | ImageParameter | VideoParameter | DocumentParameter | LocationParameter,
    Field(discriminator="type"),
]
BodyParameter = Annotated[TextParameter | CurrencyParameter, Field(discriminator="type")]
ButtonParameter = Annotated[PayloadParameter | TextParameter, Field(discriminator="type")]


class Header(Part):
    type: Literal["header"]
    parameters: list[HeaderParameter] = Field(default=[])


class Body(Part):
    type: Literal["body"]
    parameters: list[BodyParameter] = Field(default=[])


class Button(Part):
    """`index` counts from 0; Meta's own examples write it as text and as a number."""

    type: Literal["button"]
    sub_type: Literal["quick_reply", "url"]
    index: Annotated[str, Field(pattern=r"^\d$")] | Annotated[int, Field(ge=0, le=9)]
    parameters: list[ButtonParameter] = Field(min_length=1, max_length=1)


def _in_small_letters(value: Any) -> Any:
    """Meta takes BODY for body."""
    if not isinstance(value, dict):
        return value
    small = {key: str(value[key]).lower() for key in ("type", "sub_type") if key in value}
    return {**value, **small}


Component = Annotated[
    Annotated[Header | Body | Button, Field(discriminator="type")],
    BeforeValidator(_in_small_letters),
]


class Language(Part):
    code: str = Field(pattern=r"^[a-z]{2,3}(_[A-Z]{2,3})?$")
    policy: Literal["deterministic"] = "deterministic"


class TemplateSend(Part):
    """The `template` object of a message."""

    name: str = Field(min_length=1, max_length=512)
    language: Language
    components: list[Component] = Field(default=[])

    def part(self, kind: type[Header | Body]) -> Sequence[Any]:
        """The parameters of a component."""
        mine = [part for part in self.components if isinstance(part, kind)]
        return [one for part in mine for one in part.parameters]
