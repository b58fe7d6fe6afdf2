"""The simulator's models of bodies, held against the limits that Meta's pages give."""

from __future__ import annotations

from typing import Any

import pytest
from agente_hotelero_channel_whatsapp.testing.limits import complaint

LINK = {"link": "https://hotel.example/a"}
CARD = {"name": {"formatted_name": "Ana Paz", "first_name": "Ana"}, "phones": [{"phone": "+54"}]}
ROW = {"id": "r", "title": "Doble", "description": "x" * 72}


def body(kind: str, part: Any, **more: Any) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "to": "+549115", "type": kind, kind: part, **more}


def tapping(kind: str, action: Any, **more: Any) -> dict[str, Any]:
    return body("interactive", {"type": kind, "body": {"text": "?"}, "action": action, **more})


def buttons(*replies: tuple[str, str]) -> dict[str, Any]:
    return {"buttons": [{"type": "reply", "reply": {"id": i, "title": t}} for i, t in replies]}


def sections(*counts: int, title: str = "Piso") -> dict[str, Any]:
    made = [
        {"title": title, "rows": [{**ROW, "id": f"{at}.{row}"} for row in range(count)]}
        for at, count in enumerate(counts)
    ]
    return {"button": "Ver", "sections": made}


def template(**parts: Any) -> dict[str, Any]:
    return body("template", {"name": "hello", "language": {"code": "es"}, **parts})


LINK_ACTION = {"name": "cta_url", "parameters": {"display_text": "Reservar", "url": LINK["link"]}}
GOOD = [
    pytest.param(body("text", {"body": "x" * 4096, "preview_url": True}), id="text"),
    pytest.param(body("image", {**LINK, "caption": "x" * 1024}), id="image by link"),
    pytest.param(body("image", {"id": "1"}), id="image by id"),
    pytest.param(body("video", {**LINK, "caption": "c"}), id="video"),
    pytest.param(body("document", {**LINK, "filename": "a.pdf", "caption": "c"}), id="document"),
    pytest.param(body("audio", {"id": "1", "voice": True}), id="voice note"),
    pytest.param(body("sticker", {"id": "1"}), id="sticker"),
    pytest.param(body("location", {"latitude": "-38.0", "longitude": -57.5}), id="place"),
    pytest.param(body("contacts", [CARD]), id="contact"),
    pytest.param(body("reaction", {"message_id": "wamid.x", "emoji": ""}), id="no more reaction"),
    pytest.param(tapping("button", buttons(("a", "x" * 20), ("b" * 256, "n"))), id="buttons"),
    pytest.param(
        tapping("button", buttons(("a", "y")), header={"type": "image", "image": LINK}),
        id="buttons under a photo",
    ),
    pytest.param(tapping("list", sections(5, 5)), id="list"),
    pytest.param(
        body(
            "interactive",
            {"type": "list", "body": {"text": "x" * 4096}, "action": sections(1, title="")},
        ),
        id="list with long body and one bare section",
    ),
    pytest.param(tapping("cta_url", LINK_ACTION, footer={"text": "x" * 60}), id="link"),
    pytest.param(tapping("location_request_message", {"name": "send_location"}), id="where"),
    pytest.param(tapping("request_contact_info", {"name": "request_contact_info"}), id="who"),
    pytest.param(template(), id="bare template"),
    pytest.param(
        template(
            components=[
                {"type": "header", "parameters": [{"type": "image", "image": LINK}]},
                {
                    "type": "body",
                    "parameters": [{"type": "text", "parameter_name": "name", "text": "Ana"}],
                },
                {
                    "type": "button",
                    "sub_type": "quick_reply",
                    "index": "0",
                    "parameters": [{"type": "payload", "payload": "yes"}],
                },
            ]
        ),
        id="whole template",
    ),
    pytest.param(
        body("text", {"body": "x"}, context={"message_id": "wamid.x"}), id="answer to a message"
    ),
    pytest.param(
        body("text", {"body": "x"}, biz_opaque_callback_data="x" * 512), id="longest mark"
    ),
    pytest.param(
        {
            "messaging_product": "whatsapp",
            "recipient": "US.13491208655302741918",
            "text": {"body": "x"},
        },
        id="by user id",
    ),
    pytest.param(
        {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.x"}, id="read"
    ),
    pytest.param(
        {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": "wamid.x",
            "typing_indicator": {"type": "text"},
        },
        id="typing",
    ),
]


@pytest.mark.parametrize("made", GOOD)
def test_meta_takes_every_kind_within_its_limits(made: dict[str, Any]) -> None:
    assert complaint(made) is None


BAD = [
    pytest.param(100, body("text", {"body": "x" * 4097}), id="text too long"),
    pytest.param(131009, body("text", {"body": ""}), id="empty text"),
    pytest.param(131008, body("text", {}), id="no body"),
    pytest.param(131009, body("text", {"body": 7}), id="a number as text"),
    pytest.param(100, body("text", {"body": "x", "color": "red"}), id="unknown key"),
    pytest.param(100, body("text", {"body": "x"}, mood="good"), id="unknown key beside"),
    pytest.param(100, {"to": "+549", "text": {"body": "x"}}, id="no product"),
    pytest.param(100, {"messaging_product": "whatsapp", "text": {"body": "x"}}, id="nobody"),
    pytest.param(131009, body("text", {"body": "x"}, to="54911"), id="no plus"),
    pytest.param(131009, body("text", {"body": "x"}, to="+54 911"), id="not only digits"),
    pytest.param(
        131009,
        {"messaging_product": "whatsapp", "recipient": "13491208", "text": {"body": "x"}},
        id="user id without a country",
    ),
    pytest.param(
        131009, body("text", {"body": "x"}, biz_opaque_callback_data="x" * 513), id="mark too long"
    ),
    pytest.param(100, body("dance", {}), id="unknown type"),
    pytest.param(
        131008,
        {"messaging_product": "whatsapp", "to": "+549115", "type": "image"},
        id="type without its part",
    ),
    pytest.param(131009, body("image", {}), id="neither id nor link"),
    pytest.param(131009, body("image", {"id": "1", **LINK}), id="both id and link"),
    pytest.param(131009, body("image", {"link": "ftp://x"}), id="not on the web"),
    pytest.param(131009, body("image", {**LINK, "caption": "x" * 1025}), id="long caption"),
    pytest.param(100, body("audio", {**LINK, "caption": "c"}), id="audio has no caption"),
    pytest.param(100, body("sticker", {**LINK, "caption": "c"}), id="sticker has no caption"),
    pytest.param(100, body("image", {**LINK, "filename": "a.jpg"}), id="image has no name"),
    pytest.param(131009, body("location", {"latitude": 91, "longitude": 0}), id="off Earth"),
    pytest.param(131009, body("location", {"latitude": "here", "longitude": 0}), id="no degrees"),
    pytest.param(131008, body("location", {"latitude": 1}), id="half a point"),
    pytest.param(131009, body("contacts", []), id="no contact"),
    pytest.param(131009, body("contacts", [CARD] * 258), id="too many contacts"),
    pytest.param(
        131009, body("contacts", [{"name": {"formatted_name": "Ana"}}]), id="only a full name"
    ),
    pytest.param(131008, body("contacts", [{"phones": []}]), id="contact without name"),
    pytest.param(131008, body("reaction", {"emoji": "👍"}), id="reaction to nothing"),
    pytest.param(
        131009,
        body("reaction", {"message_id": "m", "emoji": "x"}, context={"message_id": "m"}),
        id="reaction as an answer",
    ),
    pytest.param(131009, tapping("button", buttons(("a", "x" * 21))), id="long title"),
    pytest.param(131009, tapping("button", buttons(("a" * 257, "x"))), id="long id"),
    pytest.param(131009, tapping("button", buttons((" a", "x"))), id="id begins with a space"),
    pytest.param(131009, tapping("button", buttons(*[(str(n), str(n)) for n in range(4)])), id="4"),
    pytest.param(131009, tapping("button", buttons()), id="no buttons"),
    pytest.param(131009, tapping("button", buttons(("a", "x"), ("b", "x"))), id="same title"),
    pytest.param(131009, tapping("button", buttons(("a", "x"), ("a", "y"))), id="same id"),
    pytest.param(
        131009, tapping("button", buttons(("a", "x")), body={"text": "x" * 1025}), id="long body"
    ),
    pytest.param(
        131009, tapping("button", buttons(("a", "x")), footer={"text": "x" * 61}), id="long footer"
    ),
    pytest.param(
        131009,
        tapping("button", buttons(("a", "x")), header={"type": "text", "text": "x" * 61}),
        id="long header",
    ),
    pytest.param(131009, tapping("list", sections(6, 5)), id="11 rows in two sections"),
    pytest.param(131009, tapping("list", sections(*[1] * 11)), id="11 sections"),
    pytest.param(131009, tapping("list", sections(1, 1, title="")), id="sections without titles"),
    pytest.param(131009, tapping("list", sections(1, title="x" * 25)), id="long section title"),
    pytest.param(
        131009, tapping("list", {**sections(1), "button": "x" * 21}), id="long list button"
    ),
    pytest.param(
        131009,
        tapping("list", sections(1), header={"type": "image", "image": LINK}),
        id="a list has text headers only",
    ),
    pytest.param(
        131009, tapping("list", sections(1), body={"text": "x" * 4097}), id="long list body"
    ),
    pytest.param(
        131009,
        tapping("cta_url", {"name": "cta_url", "parameters": {"display_text": "x", "url": "x"}}),
        id="no address",
    ),
    pytest.param(131009, tapping("location_request_message", {"name": "x"}), id="wrong action"),
    pytest.param(131009, tapping("carousel", {}), id="not known here"),
    pytest.param(131009, template(language={"code": "spanish"}), id="no language code"),
    pytest.param(131008, body("template", {"name": "hello"}), id="no language"),
    pytest.param(
        132018,
        template(
            components=[{"type": "body", "parameters": [{"type": "text", "text": "two\nlines"}]}]
        ),
        id="a template's values have one line",
    ),
    pytest.param(
        131009,
        {"messaging_product": "whatsapp", "status": "seen", "message_id": "m"},
        id="no such receipt",
    ),
]


@pytest.mark.parametrize(("code", "made"), BAD)
def test_meta_refuses_each_broken_rule_with_its_code(code: int, made: dict[str, Any]) -> None:
    found = complaint(made)
    assert found is not None
    assert found[0] == code


def test_a_complaint_names_the_place() -> None:
    long_row = tapping("list", {"button": "x", "sections": [{"rows": [{"id": "r", "title": ""}]}]})
    assert "sections.0.rows.0.title" in (complaint(long_row) or (0, ""))[1]
