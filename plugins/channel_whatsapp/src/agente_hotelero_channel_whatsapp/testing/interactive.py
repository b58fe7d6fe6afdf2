"""Messages with something to tap, written from Meta's pages on each of them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from agente_hotelero_channel_whatsapp.testing.bodies import Captioned, Document, Link, Part

ROWS, SECTIONS = 10, 10
ShortText = Annotated[str, Field(min_length=1, max_length=20)]


class Body(Part):
    text: str = Field(min_length=1, max_length=1024)


class LongBody(Part):
    text: str = Field(min_length=1, max_length=4096)


class Footer(Part):
    text: str = Field(min_length=1, max_length=60)


class TextHeader(Part):
    type: Literal["text"]
    text: str = Field(min_length=1, max_length=60)


class ImageHeader(Part):
    type: Literal["image"]
    image: Captioned


class VideoHeader(Part):
    type: Literal["video"]
    video: Captioned


class DocumentHeader(Part):
    type: Literal["document"]
    document: Document


Header = Annotated[
    TextHeader | ImageHeader | VideoHeader | DocumentHeader, Field(discriminator="type")
]


class ReplyChoice(Part):
    id: str = Field(min_length=1, max_length=256, pattern=r"(?s)^\S(.*\S)?$")
    title: ShortText


class ReplyButton(Part):
    type: Literal["reply"]
    reply: ReplyChoice


class Buttons(Part):
    buttons: list[ReplyButton] = Field(min_length=1, max_length=3)

    @model_validator(mode="after")
    def _differ(self) -> Self:
        _unlike("title", [one.reply.title for one in self.buttons])
        _unlike("id", [one.reply.id for one in self.buttons])
        return self


class ButtonMessage(Part):
    type: Literal["button"]
    header: Header | None = None
    body: Body
    footer: Footer | None = None
    action: Buttons


class Row(Part):
    id: str = Field(min_length=1, max_length=200)
    title: str = Field(min_length=1, max_length=24)
    description: str = Field(default="", max_length=72)


class Section(Part):
    title: str = Field(default="", max_length=24)
    rows: list[Row] = Field(min_length=1, max_length=ROWS)


class Sections(Part):
    button: ShortText
    sections: list[Section] = Field(min_length=1, max_length=SECTIONS)

    @model_validator(mode="after")
    def _fit(self) -> Self:
        rows = [row for section in self.sections for row in section.rows]
        if len(rows) > ROWS:
            raise ValueError(f"rows: more than {ROWS} in all sections")
        if len(self.sections) > 1 and not all(section.title for section in self.sections):
            raise ValueError("sections: each needs a title when there are several")
        _unlike("id", [row.id for row in rows])
        return self


class ListMessage(Part):
    type: Literal["list"]
    header: TextHeader | None = None
    body: LongBody
    footer: Footer | None = None
    action: Sections


class LinkButton(Part):
    display_text: ShortText
    url: Link


class LinkAction(Part):
    name: Literal["cta_url"]
    parameters: LinkButton


class LinkMessage(Part):
    type: Literal["cta_url"]
    header: Header | None = None
    body: Body
    footer: Footer | None = None
    action: LinkAction


class AskLocation(Part):
    name: Literal["send_location"]


class LocationRequest(Part):
    type: Literal["location_request_message"]
    body: Body
    action: AskLocation


class AskContact(Part):
    name: Literal["request_contact_info"]


class ContactRequest(Part):
    """Asks a guest known by his user id for his telephone number."""

    type: Literal["request_contact_info"]
    body: Body
    action: AskContact


Interactive = Annotated[
    ButtonMessage | ListMessage | LinkMessage | LocationRequest | ContactRequest,
    Field(discriminator="type"),
]


def _unlike(name: str, values: list[str]) -> None:
    if len(set(values)) != len(values):
        raise ValueError(f"{name}: must differ within a message")
