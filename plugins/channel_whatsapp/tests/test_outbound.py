"""Bodies, word for word as Meta's reference has them, and within its limits."""

from __future__ import annotations

from typing import Any

import pytest
from agente_hotelero.messages import (
    Attachment,
    Location,
    MessageTemplate,
    OfferedOption,
    OutboundMessage,
)
from agente_hotelero.stays import Image
from agente_hotelero_channel_whatsapp.outbound import bodies, has_link, pieces
from agente_hotelero_channel_whatsapp.testing.limits import complaint
from hypothesis import given
from hypothesis import strategies as st

PHOTO = Image(url="https://images.example/a.jpg")
PLACE = Location(latitude=-38.0, longitude=-57.5, name="Hotel Sol", address="Calle 1")


def options(count: int, title: str = "Opción") -> tuple[OfferedOption, ...]:
    return tuple(OfferedOption(id=f"o{n}", title=f"{title} {n}") for n in range(count))


def message(**parts: Any) -> OutboundMessage:
    return OutboundMessage(id=7, **{"address": "5491155550101", **parts})


def made(uploaded: str = "", **parts: Any) -> list[dict[str, Any]]:
    """Without the envelope."""
    envelope = {"messaging_product", "recipient_type", "to", "biz_opaque_callback_data"}
    found = bodies(message(**parts), media_id=uploaded, language="es")
    return [{key: body[key] for key in body if key not in envelope} for body in found]


def kinds(found: list[dict[str, Any]]) -> list[str]:
    return [
        one["interactive"]["type"] if one["type"] == "interactive" else one["type"] for one in found
    ]


def file(kind: Any, **more: str) -> Attachment:
    return Attachment(kind=kind, mime_type="x/y", url="https://files.example/f", **more)


@pytest.mark.parametrize(
    ("parts", "body"),
    [
        pytest.param(
            {"text": "hola"},
            {"type": "text", "text": {"body": "hola", "preview_url": False}},
            id="text",
        ),
        pytest.param(
            {"text": "hola", "in_reply_to": "wamid.0"},
            {
                "context": {"message_id": "wamid.0"},
                "type": "text",
                "text": {"body": "hola", "preview_url": False},
            },
            id="reply",
        ),
        pytest.param(
            {"text": "Doble", "image": PHOTO},
            {"type": "image", "image": {"link": PHOTO.url, "caption": "Doble"}},
            id="picture",
        ),
        pytest.param(
            {"image": PHOTO}, {"type": "image", "image": {"link": PHOTO.url}}, id="only a picture"
        ),
        pytest.param(
            {"text": "¿Sí?", "options": options(1, "Sí"), "image": PHOTO},
            {
                "type": "interactive",
                "interactive": {
                    "type": "button",
                    "header": {"type": "image", "image": {"link": PHOTO.url}},
                    "body": {"text": "¿Sí?"},
                    "action": {
                        "buttons": [{"type": "reply", "reply": {"id": "o0", "title": "Sí 0"}}]
                    },
                },
            },
            id="picture and buttons",
        ),
        pytest.param(
            {"text": "¿Cuál?", "options": options(4)},
            {
                "type": "interactive",
                "interactive": {
                    "type": "list",
                    "body": {"text": "¿Cuál?"},
                    "action": {
                        "button": "☰",
                        "sections": [
                            {"rows": [{"id": f"o{n}", "title": f"Opción {n}"} for n in range(4)]}
                        ],
                    },
                },
            },
            id="list",
        ),
        pytest.param(
            {"location": PLACE},
            {
                "type": "location",
                "location": {
                    "latitude": -38.0,
                    "longitude": -57.5,
                    "name": "Hotel Sol",
                    "address": "Calle 1",
                },
            },
            id="place",
        ),
        pytest.param(
            {"text": "La carta", "attachment": file("document", filename="carta.pdf")},
            {
                "type": "document",
                "document": {
                    "link": "https://files.example/f",
                    "filename": "carta.pdf",
                    "caption": "La carta",
                },
            },
            id="document by link",
        ),
        pytest.param(
            {"attachment": file("voice"), "uploaded": "99"},
            {"type": "audio", "audio": {"id": "99", "voice": True}},
            id="voice note by id",
        ),
        pytest.param(
            {"attachment": file("audio")},
            {"type": "audio", "audio": {"link": "https://files.example/f"}},
            id="audio",
        ),
        pytest.param(
            {"text": "La playa", "attachment": file("video"), "uploaded": "99"},
            {"type": "video", "video": {"id": "99", "caption": "La playa"}},
            id="video by id",
        ),
        pytest.param(
            {"react_to": "wamid.0", "text": "👍", "in_reply_to": "wamid.0"},
            {"type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": "👍"}},
            id="reaction",
        ),
        pytest.param(
            {"react_to": "wamid.0"},
            {"type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": ""}},
            id="reaction taken away",
        ),
    ],
)
def test_each_kind_of_message_has_its_body(parts: dict[str, Any], body: dict[str, Any]) -> None:
    assert made(**parts) == [body]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        pytest.param({}, {}, id="without parameters"),
        pytest.param(
            {"values": {"10": "c", "2": "b\n b", "1": "a"}},
            {
                "components": [
                    {
                        "type": "body",
                        "parameters": [{"type": "text", "text": one} for one in ("a", "b b", "c")],
                    }
                ]
            },
            id="by position",
        ),
        pytest.param(
            {"values": {"guest": "Ana"}},
            {
                "components": [
                    {
                        "type": "body",
                        "parameters": [{"type": "text", "parameter_name": "guest", "text": "Ana"}],
                    }
                ]
            },
            id="by name",
        ),
        pytest.param(
            {"image": PHOTO, "buttons": ("si", "no")},
            {
                "components": [
                    {
                        "type": "header",
                        "parameters": [{"type": "image", "image": {"link": PHOTO.url}}],
                    },
                    *(
                        {
                            "type": "button",
                            "sub_type": "quick_reply",
                            "index": index,
                            "parameters": [{"type": "payload", "payload": payload}],
                        }
                        for index, payload in (("0", "si"), ("1", "no"))
                    ),
                ]
            },
            id="with picture and buttons",
        ),
    ],
)
def test_a_template_is_filled_in(template: dict[str, Any], expected: dict[str, Any]) -> None:
    named = MessageTemplate(name="volver", languages=("es",), **template)
    (body,) = made(text="[volver]", template=named, in_reply_to="wamid.0")
    language = {"code": "es", "policy": "deterministic"}
    inner = {"name": "volver", "language": language, **expected}
    assert body == {"type": "template", "template": inner}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param({"text": "x" * 5000}, ["text", "text"], id="long text"),
        pytest.param({"text": "¿Cuál?", "options": options(3)}, ["button"], id="buttons"),
        pytest.param({"text": "¿?", "options": options(4)}, ["list"], id="too many for buttons"),
        pytest.param(
            {"text": "¿?", "options": options(2, "Un título bien largo")},
            ["list"],
            id="too long for buttons",
        ),
        pytest.param({"text": "¿?", "options": options(11)}, ["text"], id="too many for a list"),
        pytest.param(
            {"text": "¿?", "options": options(2, "Un título larguísimo de verdad")},
            ["text"],
            id="too long for a list",
        ),
        pytest.param(
            {"text": "¿?", "options": (OfferedOption(id="x" * 250, title="Sí"),)},
            ["button"],
            id="an id that buttons take",
        ),
        pytest.param(
            {"text": "¿?", "options": (OfferedOption(id="x" * 257, title="Sí"),)},
            ["text"],
            id="an id that nothing takes",
        ),
        pytest.param(
            {"text": "¿?", "options": (OfferedOption(id="a", title=""),)}, ["text"], id="no title"
        ),
        pytest.param({"options": options(2)}, ["text"], id="nothing but options"),
        pytest.param({"text": "x" * 2000, "image": PHOTO}, ["image", "text"], id="long caption"),
        pytest.param(
            {"text": "¿?", "image": PHOTO, "options": options(4)},
            ["image", "list"],
            id="picture and list",
        ),
        pytest.param(
            {"text": "x" * 1500, "image": PHOTO, "options": options(2)},
            ["image", "text", "button"],
            id="picture and a long question",
        ),
        pytest.param({"text": "Calle 1", "location": PLACE}, ["text", "location"], id="place"),
        pytest.param(
            {"text": "x" * 1500, "options": options(2)}, ["text", "button"], id="long question"
        ),
        pytest.param(
            {"text": "x" * 4000, "options": options(4)}, ["list"], id="long question of a list"
        ),
        pytest.param(
            {"text": "Escuche", "attachment": file("voice")}, ["audio", "text"], id="note and text"
        ),
        pytest.param(
            {"text": "x" * 2000, "attachment": file("document")},
            ["document", "text"],
            id="document and long text",
        ),
        pytest.param({"text": "hola", "image": Image(url="/plugins/a.svg")}, ["text"], id="ours"),
        pytest.param({"text": " \n "}, [], id="nothing"),
    ],
)
def test_each_message_takes_the_form_that_fits(parts: dict[str, Any], expected: list[str]) -> None:
    assert kinds(made(**parts)) == expected


@pytest.mark.parametrize("same", [("Doble", "Doble"), ("Doble", "Suite")], ids=["titles", "ids"])
def test_options_that_cannot_be_told_apart_are_numbered(same: tuple[str, str]) -> None:
    ids = ("a", "b") if same[0] == same[1] else ("a", "a")
    pair = tuple(OfferedOption(id=one, title=title) for one, title in zip(ids, same, strict=True))
    (only,) = made(text="¿Cuál?", options=pair)
    assert only["text"]["body"] == f"¿Cuál?\n1. {same[0]}\n2. {same[1]}"


def test_numbered_options_are_never_cut_off() -> None:
    many = options(50, "Una opción con un título que es larguísimo " * 2)
    said = "\n".join(one["text"]["body"] for one in made(text="¿Cuál?", options=many))
    assert all(one.title in said.replace("\n", " ") or one.title in said for one in many)


def test_only_the_last_body_carries_the_whole_mark() -> None:
    found = bodies(message(text="x" * 9000))
    assert [one["biz_opaque_callback_data"] for one in found] == ["7+", "7+", "7"]
    assert {one["to"] for one in found} == {"+5491155550101"}


def test_only_the_first_body_quotes() -> None:
    found = bodies(message(text="x" * 5000, in_reply_to="wamid.0"))
    assert ["context" in one for one in found] == [True, False]


@pytest.mark.parametrize(
    ("address", "phone", "to"),
    [
        ("5491155550101", None, {"to": "+5491155550101"}),
        ("5215512345678", "+525512345678", {"to": "+5215512345678"}),
        ("AR.1349", "+5491155550101", {"to": "+5491155550101"}),
        ("AR.1349", None, {"recipient": "AR.1349"}),
        ("AR.1349", "", {"recipient": "AR.1349"}),
    ],
    ids=["a number", "as Meta gave it", "a known number", "an id", "an id, no number"],
)
def test_a_guest_is_reached_by_number_or_by_id(
    address: str, phone: str | None, to: dict[str, str]
) -> None:
    (only,) = bodies(message(address=address, phone=phone, text="hi"))
    assert {key: only[key] for key in ("to", "recipient") if key in only} == to


def test_what_meta_is_to_fetch_is_known() -> None:
    buttons: dict[str, Any] = {"text": "¿?", "options": options(2), "image": PHOTO}
    assert [has_link(one) for one in made(**buttons)] == [True]
    assert [has_link(one) for one in made(text="hola")] == [False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a" * 30 + "\n\n" + "b" * 30, ["a" * 30, "b" * 30]),
        ("a" * 25 + "\n" + "b" * 30, ["a" * 25, "b" * 30]),
        ("a" * 25 + " " + "b" * 30, ["a" * 25, "b" * 30]),
        ("a" * 50, ["a" * 40, "a" * 10]),
        ("a\n\n" + "b" * 39 + " c", ["a\n\n" + "b" * 37, "bb c"]),
        ("a" * 40, ["a" * 40]),
    ],
    ids=["paragraph", "line", "word", "anywhere", "not too early", "fits"],
)
def test_long_text_is_cut_where_it_hurts_least(text: str, expected: list[str]) -> None:
    assert pieces(text, 40) == expected


@given(st.text(min_size=1, max_size=9000))
def test_no_text_is_too_long_or_loses_a_word(text: str) -> None:
    said = [one["text"]["body"] for one in made(text=text)]
    assert all(0 < len(part) <= 4096 for part in said)
    assert "".join("".join(said).split()) == "".join(text.split())


PICTURES = st.sampled_from([None, PHOTO])
CHOICES = st.lists(st.tuples(st.text(max_size=300), st.text(max_size=80)), max_size=12)
FILES = st.sampled_from(["document", "voice", "audio", "video"]) | st.none()


@given(st.text(max_size=6000), CHOICES, PICTURES, FILES, st.sampled_from([None, PLACE]))
def test_the_simulator_takes_whatever_we_make_of_a_message(
    text: str,
    choices: list[tuple[str, str]],
    picture: Image | None,
    kind: str | None,
    place: Location | None,
) -> None:
    """Its limits are written from Meta's reference, not from our sender."""
    offered = tuple(OfferedOption(id=one, title=title) for one, title in choices)
    attached = file(kind) if kind else None
    parts = {"text": text, "options": offered, "image": picture, "location": place}
    for body in bodies(message(**parts, attachment=attached, in_reply_to="wamid.0")):
        assert complaint(body) is None


@given(
    st.dictionaries(st.text(min_size=1, max_size=9), st.text(min_size=1, max_size=50), max_size=4),
    st.lists(st.text(min_size=1, max_size=100), max_size=3),
    PICTURES,
)
def test_the_simulator_takes_whatever_we_make_of_a_template(
    values: dict[str, str], buttons: list[str], picture: Image | None
) -> None:
    said = {name: f"{value}." for name, value in values.items()}
    named = MessageTemplate(
        name="volver", languages=("es",), values=said, image=picture, buttons=tuple(buttons)
    )
    (body,) = bodies(message(template=named), language="es")
    assert complaint(body) is None
