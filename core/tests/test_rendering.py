"""Replies into messages, and a whole answer into one where a channel says so."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from agente_hotelero._runtime.rendering import Abilities, Bubble, render
from agente_hotelero._runtime.templates import Renderer
from agente_hotelero.messages import Location, Option, Part, Reply
from agente_hotelero.stays import Image

WORDS = {f"x/en/{name}": name.title() for name in ("intro", "card", "ask", "place")}
A, B = Image(url="https://img.example/a.jpg"), Image(url="https://img.example/b.jpg")
POINT = Location(latitude=1.5, longitude=2.5)
OFFERS = (
    Reply(template="x/intro"),
    Reply(template="x/card", image=A, options=(Option(id="more", label="More"),)),
    Reply(template="x/card", image=B),
    Reply(template="x/ask", options=(Option(id="1", label="One"), Option(id="2", label="Two"))),
)


def rendered(replies: tuple[Reply, ...], *, whole: bool, options: int = 10) -> list[Bubble]:
    return render(
        replies,
        Renderer(WORDS),
        language="en",
        zone=ZoneInfo("UTC"),
        can=Abilities(max_options=options, whole=whole),
    )


def test_a_whole_answer_is_one_message_of_parts() -> None:
    (bubble,) = rendered(OFFERS, whole=True)
    assert bubble.parts == (
        Part(text="Intro"),
        Part(text="Card\n1. More", image=A),
        Part(text="Card", image=B),
        Part(text="Ask"),
    )
    assert bubble.text == "Intro\n\nCard\n1. More\n\nCard\n\nAsk"
    assert [one.id for one in bubble.options] == ["1", "2"]
    assert bubble.acts == ("x/intro", "x/card", "x/card", "x/ask")


def test_elsewhere_each_picture_is_a_message_of_its_own() -> None:
    bubbles = rendered(OFFERS, whole=False)
    assert [one.image for one in bubbles] == [None, A, B, None]
    assert all(one.parts == () for one in bubbles)


def test_a_single_reply_needs_no_parts() -> None:
    (bubble,) = rendered((Reply(template="x/place", location=POINT),), whole=True)
    assert (bubble.parts, bubble.location) == ((), POINT)
    assert rendered((), whole=True) == []


def test_a_whole_answer_keeps_its_place_on_the_map() -> None:
    replies = (Reply(template="x/place", location=POINT), Reply(template="x/ask"))
    (bubble,) = rendered(replies, whole=True)
    assert bubble.parts[0] == Part(text="Place", location=POINT)


def test_options_beyond_the_channels_are_numbered_in_a_whole_answer_too() -> None:
    (bubble,) = rendered(OFFERS, whole=True, options=0)
    assert bubble.options == ()
    assert bubble.parts[-1] == Part(text="Ask\n1. One\n2. Two")
