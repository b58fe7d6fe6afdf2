from __future__ import annotations

from typing import Any

import pytest
from agente_hotelero.messages import Location, OfferedOption, OutboundMessage
from agente_hotelero.stays import Image
from agente_hotelero_channel_whatsapp.outbound import bodies, pieces
from agente_hotelero_channel_whatsapp.testing.limits import complaint
from hypothesis import given
from hypothesis import strategies as st

PHOTO = Image(url="https://images.example/a.jpg")
PLACE = Location(latitude=-38.0, longitude=-57.5, name="Hotel Sol", address="Calle 1")


def options(count: int, title: str = "Opción") -> tuple[OfferedOption, ...]:
    return tuple(OfferedOption(id=f"o{n}", title=f"{title} {n}") for n in range(count))


def message(**parts: Any) -> OutboundMessage:
    return OutboundMessage(id=7, address="5491155550101", **parts)


def kinds(made: list[dict[str, Any]]) -> list[str]:
    return [
        one["interactive"]["type"] if one["type"] == "interactive" else one["type"] for one in made
    ]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param({"text": "hola"}, ["text"], id="text"),
        pytest.param({"text": "x" * 5000}, ["text", "text"], id="long text"),
        pytest.param({"text": "¿Cuál?", "options": options(3)}, ["button"], id="buttons"),
        pytest.param(
            {"text": "¿Cuál?", "options": options(4)}, ["list"], id="too many for buttons"
        ),
        pytest.param(
            {"text": "¿Cuál?", "options": options(2, "Un título bien largo")},
            ["list"],
            id="too long for buttons",
        ),
        pytest.param(
            {"text": "¿Cuál?", "options": options(11)}, ["text"], id="too many for a list"
        ),
        pytest.param(
            {"text": "¿Cuál?", "options": options(2, "Un título larguísimo de verdad")},
            ["text"],
            id="too long for a list",
        ),
        pytest.param({"text": "Doble", "image": PHOTO}, ["image"], id="photo with caption"),
        pytest.param({"text": "x" * 2000, "image": PHOTO}, ["image", "text"], id="long caption"),
        pytest.param(
            {"text": "¿Esta?", "image": PHOTO, "options": options(2)},
            ["image", "button"],
            id="photo and buttons",
        ),
        pytest.param({"text": "Calle 1", "location": PLACE}, ["text", "location"], id="place"),
        pytest.param(
            {"text": "x" * 1500, "options": options(2)}, ["text", "button"], id="long question"
        ),
    ],
)
def test_each_message_takes_the_form_that_fits(parts: dict[str, Any], expected: list[str]) -> None:
    made = bodies(message(**parts))
    assert kinds(made) == expected
    assert [complaint(one) for one in made] == [None] * len(made)


def test_options_with_the_same_title_are_numbered() -> None:
    same = (OfferedOption(id="a", title="Doble"), OfferedOption(id="b", title="Doble"))
    (only,) = bodies(message(text="¿Cuál?", options=same))
    assert only["text"]["body"] == "¿Cuál?\n1. Doble\n2. Doble"


def test_every_body_carries_our_mark_and_the_number_with_its_plus() -> None:
    for one in bodies(message(text="x" * 5000)):
        assert (one["to"], one["biz_opaque_callback_data"]) == ("+5491155550101", "7")


def test_a_guest_without_a_phone_is_a_recipient() -> None:
    (only,) = bodies(OutboundMessage(id=1, address="US.1349", text="hi"))
    assert only["recipient"] == "US.1349"
    assert "to" not in only


def test_long_text_is_cut_between_paragraphs() -> None:
    assert pieces("a" * 30 + "\n\n" + "b" * 30, 40) == ["a" * 30, "b" * 30]


@given(st.text(min_size=1, max_size=9000).filter(str.strip))
def test_no_text_is_too_long_or_loses_a_word(text: str) -> None:
    made = bodies(message(text=text.strip()))
    said = [one["text"]["body"] for one in made]
    assert all(0 < len(part) <= 4096 for part in said)
    assert "".join("".join(said).split()) == "".join(text.split())
