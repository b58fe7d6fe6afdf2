"""What a message body may hold, written from Meta's reference of the messages endpoint.

Each kind is a model that knows no key too many; who breaks one is told so in Meta's form by
`limits.complaint`. Sources: the pages "Text messages", "Image messages" and their siblings,
"Contacts messages", "Reaction messages", and Meta's own OpenAPI file (business-messaging-api v23).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

CONTACTS = 257
MARK = 512


class Part(BaseModel):
    """A JSON object of a body: Meta refuses keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _on_the_web(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+\S*", value):
        raise ValueError("is not an HTTP or HTTPS address")
    return value


def _degrees(value: float | str, most: int) -> float | str:
    try:
        number = float(value)
    except ValueError:
        raise ValueError("is not a number") from None
    if not abs(number) <= most:
        raise ValueError(f"is not between -{most} and {most}")
    return value


Said = Annotated[str, StringConstraints(min_length=1)]
Link = Annotated[str, AfterValidator(_on_the_web)]
Latitude = Annotated[float | str, AfterValidator(lambda value: _degrees(value, 90))]
Longitude = Annotated[float | str, AfterValidator(lambda value: _degrees(value, 180))]


class Text(Part):
    body: str = Field(min_length=1, max_length=4096)
    preview_url: bool = False


class Asset(Part):
    """A file: uploaded before, or fetched by Meta from a public address."""

    id: Said | None = None
    link: Link | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.id is None) == (self.link is None):
            raise ValueError("needs either an id or a link")
        return self


class Captioned(Asset):
    """Images and videos."""

    caption: str = Field(default="", max_length=1024)


class Document(Captioned):
    filename: str = ""


class Audio(Asset):
    """`voice` marks a voice message, which must be Ogg with Opus."""

    voice: bool = False


class Location(Part):
    latitude: Latitude
    longitude: Longitude
    name: str = ""
    address: str = ""


class Reaction(Part):
    """An empty emoji takes the reaction back."""

    message_id: Said
    emoji: str


class Card(Part):
    """A part of a contact: Meta takes null for what is not told."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: item for key, item in value.items() if item is not None}


class Name(Card):
    formatted_name: Said
    first_name: str | None = None
    last_name: str | None = None
    middle_name: str | None = None
    suffix: str | None = None
    prefix: str | None = None

    @model_validator(mode="after")
    def _has_another(self) -> Self:
        others = self.model_dump(exclude={"formatted_name"}, exclude_none=True)
        if not others:
            raise ValueError("needs one more part of the name beside formatted_name")
        return self


class Phone(Card):
    phone: str = ""
    type: str = ""
    wa_id: str = ""


class Email(Card):
    email: str = ""
    type: str = ""


class Address(Card):
    street: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""
    country_code: str = ""
    type: str = ""


class Url(Card):
    url: str = ""
    type: str = ""


class Organisation(Card):
    company: str = ""
    department: str = ""
    title: str = ""


class Contact(Card):
    name: Name
    phones: list[Phone] = []
    emails: list[Email] = []
    addresses: list[Address] = []
    urls: list[Url] = []
    org: Organisation | None = None
    birthday: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}$")


class Context(Part):
    message_id: Said


class Envelope(Part):
    """What every message carries. Of `to` and `recipient`, `to` counts.

    Stricter than Meta in one thing: it takes a number without its plus and guesses the country.
    """

    messaging_product: Literal["whatsapp"]
    recipient_type: Literal["individual"] = "individual"
    to: str | None = Field(default=None, pattern=r"^\+[1-9]\d{5,14}$")
    recipient: str | None = Field(default=None, pattern=r"^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$")
    type: str = "text"
    context: Context | None = None
    biz_opaque_callback_data: str = Field(default="", max_length=MARK)
    recipient_identity_key_hash: str = ""


class Read(Part):
    """A read receipt, and "typing" with it."""

    messaging_product: Literal["whatsapp"]
    status: Literal["read"]
    message_id: Said
    typing_indicator: dict[Literal["type"], Literal["text"]] | None = None
