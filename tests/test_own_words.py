"""A hotel's own words: what they may do, which is to be words."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from agente_hotelero._runtime import templates, words
from agente_hotelero.components import Templates
from agente_hotelero.errors import Rejected

OFFER = {"front_desk/es/offer": "Total: {{ total }}"}
FOLDERS = {
    "core": Templates(package="agente_hotelero", folder="words"),
    "front_desk": Templates(package="agente_hotelero_front_desk"),
}


@pytest.fixture(scope="module")
def sources() -> Mapping[str, str]:
    return templates.collect(FOLDERS.items())


def test_every_sentence_of_ours_could_be_a_hotels_own(sources: Mapping[str, str]) -> None:
    for name, text in sources.items():
        words.check(sources, name, text)


@pytest.mark.parametrize(
    "link",
    [
        "https://g.page/r/abc/review",
        "https://search.google.com/local/writereview?placeid=1",
        "https://www.tripadvisor.com.br/UserReviewEdit-g1",
        "es.trustpilot.com/evaluate/hotel.example",
    ],
)
@pytest.mark.parametrize("name", ["front_desk/es/opinion_thanks", "core/es/how_to_stop"])
def test_no_words_of_a_hotel_lead_to_a_review_page(
    sources: Mapping[str, str], name: str, link: str
) -> None:
    """The content would see it, and who complains would not."""
    with pytest.raises(Rejected, match="review"):
        words.check(sources, name, f"Gracias. Déjanos tus estrellas: {link}")


@pytest.mark.parametrize(
    "text", ["¡Que tengas un buen día!", "Responde STOPPING.", "Lee la BAJAMAR."]
)
def test_words_that_say_how_to_stop_name_a_word_that_stops(
    sources: Mapping[str, str], text: str
) -> None:
    with pytest.raises(Rejected, match="stops the messages"):
        words.check(sources, "core/es/how_to_stop", text)
    words.check(sources, "core/es/how_to_stop", f"{text} Si no quieres más: «Baja»")


def test_other_links_are_a_hotels_own(sources: Mapping[str, str]) -> None:
    where = (
        "Gracias. Cómo llegar: https://maps.app.goo.gl/abc y https://www.google.com/maps/place/x"
    )
    words.check(sources, "front_desk/es/opinion_thanks", where)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{{ total.money.amount }}", id="a part of it"),
        pytest.param("{{ total ~ '' }}", id="as text"),
        pytest.param("{{ total|string }}", id="by a filter"),
        pytest.param("{% set _rendered = [] %}{{ total }}", id="another list"),
        pytest.param("{% for _rendered in total %}{{ total }}{% endfor %}", id="in a loop"),
    ],
)
def test_no_amount_is_taken_from_its_source(text: str) -> None:
    with pytest.raises(Rejected):
        words.check(OFFER, "front_desk/es/offer", text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "{% for a in total %}{% for b in total %}{% endfor %}{% endfor %}", id="loops in loops"
        ),
        pytest.param("{% for a in range(99999) %}{% endfor %}", id="a long loop"),
        pytest.param("{% if 9 ** (9 ** 7) > 1 %}x{% endif %}", id="a huge number"),
        pytest.param("{{ 'x' * 50000000 }}", id="a huge text"),
        pytest.param("{{ '{x}'.format() }}", id="a call"),
        pytest.param("{{ '%300000000s'|format('x') }}", id="a width"),
        pytest.param("{{ '%*d'|format(300000000, 1) }}", id="a width given"),
        pytest.param("{{ '%(x)s'|format(hotel) }}", id="a name"),
        pytest.param("{{ hotel|format('x') }}", id="a pattern from elsewhere"),
        pytest.param("{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", id="a recursion"),
        pytest.param("{{ " + "(" * 900 + "1" + ")" * 900 + " }}", id="too deep"),
        pytest.param("{{ ''.__class__ }}", id="out of the sandbox"),
        pytest.param("{% include 'core/es/nothing' %}", id="another file"),
    ],
)
def test_nothing_that_runs_long_or_grows_large_is_words(text: str) -> None:
    with pytest.raises(Rejected):
        words.check(OFFER, "front_desk/es/offer", text)
