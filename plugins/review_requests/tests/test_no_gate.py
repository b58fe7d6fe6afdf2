"""No setting, and nothing that a plugin can say, lets a hotel ask only those who are content.

The settings are held against a list: whoever adds one must show here that it treats all alike.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import textwrap
from contextlib import nullcontext
from importlib.resources import files
from typing import Any

import pytest
from agente_hotelero._guest_settings import JourneySettings, ProactiveSettings
from agente_hotelero._runtime.proactive import facts, runner, ways, wording
from agente_hotelero._runtime.templates import TemplateProblem
from agente_hotelero.proactive import Approved, Journey, Occasion, Reminder, Trigger
from agente_hotelero_review_requests import pages, source
from agente_hotelero_review_requests.config import ReviewConfig
from hypothesis import given
from hypothesis import strategies as st

from .test_reviews import GOOGLE, LINKS, TRIPADVISOR, occasion, reservation, reviews

SORTING = [
    "{% if nights > 3 %}{{ links[0].url }}{% endif %}",
    "{%- if name == 'Ana' -%}x{% else %}-{% endif %}",
    "{{ links[0].url if nights > 3 else '-' }}",
    "{{ nights > 3 and links[0].url }}",
    "{% for one in links if nights > 3 %}{{ one.url }}{% endfor %}",
]


def test_a_value_may_name_all_links() -> None:
    value = "{% for one in links %}{{ one.url }} {% endfor %}"
    Approved(name="stay_review", languages=("es",), values={"1": value})


@pytest.mark.parametrize("value", SORTING)
def test_no_value_of_an_approved_text_depends_on_a_condition(value: str) -> None:
    with pytest.raises(ValueError, match="every guest gets the same"):
        Approved(name="stay_review", languages=("es",), values={"1": value})


def test_an_approved_text_shows_all_links_or_none() -> None:
    values = {"links": [{"url": GOOGLE}, {"url": TRIPADVISOR}]}
    for text in ("", f"{TRIPADVISOR} {GOOGLE}"):
        wording._refuse_some_links({"1": "Ana", "2": text}, values)
    with pytest.raises(TemplateProblem, match="not all"):
        wording._refuse_some_links({"1": "Ana", "2": GOOGLE}, values)


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        ({"1": "{{ links[0].url }}"}, True),
        ({"1": "{{ name }}", "2": "{{ links[1]['url'] }}"}, True),
        ({"1": "{{ links[0].url }}", "2": "{{ links[1].url }}"}, False),
        ({"1": "{% for one in links %}{{ one.url }} {% endfor %}"}, False),
        ({"1": "{{ name }}"}, False),
    ],
)
@pytest.mark.parametrize("which", ["approved", "approved_reminder"])
def test_settings_that_show_some_of_the_links_are_refused_at_start(
    which: str, values: dict[str, str], refused: bool
) -> None:
    text = Approved(name="stay_review", languages=("es",), values=values)
    settings = {"links": LINKS, which: {"channel_whatsapp": text}}
    with pytest.raises(ValueError, match="stay_review shows some") if refused else nullcontext():
        ReviewConfig.model_validate(settings)


@pytest.mark.parametrize("where", ["text", "approved"])
def test_no_journey_of_a_hotels_file_leads_to_a_review_page(where: str) -> None:
    words = f"Review us: {GOOGLE}"
    approved = {"phone": Approved(name="a", languages=("es",), values={"1": words})}
    given: dict[str, Any] = {
        "text": {"text": {"es": words}},
        "approved": {"text": {"es": "Hola"}, "approved": approved},
    }[where]
    with pytest.raises(ValueError, match="review_requests alone"):
        JourneySettings(trigger=Trigger.DEPARTURE, **given)


# Each is the same for every guest of a hotel.
REVIEW = {
    "links": "which pages, for all",
    "base_url": "where our own page is",
    "offset_hours": "when, for all",
    "opens": "when, for all",
    "closes": "when, for all",
    "reminder": "whether there is one, for all",
    "reminder_hours": "when, for all",
    "approved": "words for all whose window is closed",
    "approved_reminder": "words for all whose window is closed",
}
JOURNEY = {
    "trigger": "what the PMS says of dates",
    "offset_hours": "when, for all",
    "opens": "when, for all",
    "closes": "when, for all",
    "expires_hours": "until when, for all",
    "template": "words for all",
    "text": "words for all",
    "purpose": "what may be refused",
    "flag": "a switch for all",
    "channels": "ways for all",
    "approved": "words for all whose window is closed",
    "waits_for_staff_hours": "puts off by three days at most, and drops nobody",
    "asks": "who reads the answer",
}
PROACTIVE = {
    "explicit_consent": "whether a word is needed, of all",
    "per_day": "puts off, and drops nobody",
    "per_round": "puts off, and drops nobody",
    "skip": "addresses of the hotel's own people, agencies and the banned",
    "aliases": "domains of agencies",
}
# Why a message is never sent; what a guest said or felt is not among them.
NEVER = {
    "on the hotel's list",
    "refused …",
    "had one lately",
    "no reminder is wanted",
    "not in the PMS",
    "missed",
}


@pytest.mark.parametrize(
    ("model", "known"),
    [(ReviewConfig, REVIEW), (JourneySettings, JOURNEY), (ProactiveSettings, PROACTIVE)],
)
def test_every_setting_treats_all_guests_alike(model: Any, known: dict[str, str]) -> None:
    assert set(model.model_fields) == set(known)
    assert model.model_config["extra"] == "forbid"


def test_nothing_that_a_plugin_says_of_a_journey_tells_guests_apart() -> None:
    """Plain values, decided before any guest is known; no function, no condition."""
    for kind in (Journey, Reminder):
        for field in dataclasses.fields(kind):
            assert "Callable" not in str(field.type), field.name
    assert {one.name for one in dataclasses.fields(Occasion)} == {
        "journey",
        "mark",
        "reservation",
        "language",
        "reminder",
    }


def test_the_reasons_for_which_nothing_is_sent_are_known() -> None:
    """A new one must be written down here, and why it does not depend on how the stay was."""
    code = inspect.getsource(runner)
    never = ast.parse(textwrap.dedent(inspect.getsource(runner.Runner._never)))
    said = {
        node.value.value if isinstance(node.value, ast.Constant) else "refused …"
        for node in ast.walk(never)
        if isinstance(node, ast.Return)
        and isinstance(node.value, ast.Constant | ast.IfExp | ast.JoinedStr)
    }
    dropped = set(re.findall(r'_drop\([\w.]+, JourneyState\.\w+, "([^"]+)"\)', code))
    assert (said - {""}) | dropped | {"missed"} == NEVER


def test_nothing_that_decides_reads_a_guests_words_or_marks() -> None:
    """Neither messages nor moods, scores or kinds of tasks are known where it is decided."""
    for module in (runner, ways, facts, source, pages):
        code = inspect.getsource(module).casefold()
        for word in ("mood", "score", "rating", "sentiment", "stars", "message_.", ".kind"):
            assert word not in code, (module.__name__, word)


names = st.text(min_size=0, max_size=30)


@given(name=names, reminder=st.booleans(), language=st.sampled_from(["es", "pt", "en"]))
@pytest.mark.anyio
async def test_every_guest_gets_the_same_links_in_the_same_order(
    name: str, reminder: bool, language: str
) -> None:
    asked = occasion(reservation=reservation(name), reminder=reminder, language=language)
    found: Any = (await reviews(base_url="").values(asked))["links"]
    assert [one["url"] for one in found] == [TRIPADVISOR, GOOGLE]


@pytest.mark.parametrize("language", ["es", "pt", "en"])
@pytest.mark.parametrize("name", ["request", "reminder"])
def test_our_words_show_all_links_and_ask_for_no_praise(language: str, name: str) -> None:
    folder = files("agente_hotelero_review_requests") / "templates"
    text = (folder / language / f"{name}.j2").read_text(encoding="utf-8")
    assert "{% for link in links %}" in text
    assert "{% if" not in text
    forbidden = (
        "si te gust|se gostou|if you enjoyed|if you liked|5 estrellas|five star|cinco estrelas|"
        "descuento|desconto|discount|regalo|gift|positiv"
    )
    assert not re.search(forbidden, text, re.IGNORECASE)
    free = "sea cual sea tu opinión|seja qual for sua opinião|whatever your opinion"
    assert re.search(free, text)


def test_links_are_in_the_hotels_own_order() -> None:
    assert list(reviews().config.links) == list(LINKS)
