from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import structlog
from agente_hotelero._runtime import rendering
from agente_hotelero._runtime.guard import Guard
from agente_hotelero._runtime.rendering import Abilities
from agente_hotelero._runtime.templates import Renderer, TemplateProblem
from agente_hotelero.errors import PluginBug
from agente_hotelero.messages import Location, Option, Priced, Reply
from agente_hotelero.stays import Image, Money

ZONE = ZoneInfo("America/Sao_Paulo")
TOTAL = Priced(source_id="offer-1", money=Money(amount=Decimal("1234.50"), currency="BRL"))


def renderer(**templates: str) -> Renderer:
    sources = {
        f"x/{lang}/{name}": text for name, text in templates.items() for lang in ("es", "en")
    }
    return Renderer(sources)


def words(template: str, language: str = "es", **values: object) -> str:
    return renderer(t=template).render("x/t", values, language=language, zone=ZONE).text


def test_an_amount_is_written_and_its_source_noted() -> None:
    rendered = renderer(t="Total: {{ total }}").render(
        "x/t", {"total": TOTAL}, language="es", zone=ZONE
    )
    assert rendered.text == "Total: BRL 1.234,50"
    assert rendered.amounts == [{"source": "offer-1", "amount": "1234.50", "currency": "BRL"}]


def test_an_amount_that_is_not_printed_is_not_noted() -> None:
    rendered = renderer(t="hola").render("x/t", {"total": TOTAL}, language="es", zone=ZONE)
    assert rendered.amounts == []


@pytest.mark.parametrize(
    "value",
    [TOTAL.money, Decimal("12"), 12.5, [TOTAL.money]],
    ids=["money", "decimal", "float", "inside a list"],
)
def test_an_amount_without_a_source_is_refused(value: object) -> None:
    template = "{{ value[0] }}" if isinstance(value, list) else "{{ value }}"
    with pytest.raises(TemplateProblem, match="source"):
        words(template, value=value)


@pytest.mark.parametrize(
    "template",
    ["{{ total.money }}", "{{ total.money.amount }}"],
    ids=["its money", "its number"],
)
def test_the_inside_of_an_amount_is_refused(template: str) -> None:
    with pytest.raises(TemplateProblem, match="source"):
        words(template, total=TOTAL)


@pytest.mark.parametrize(
    ("currency", "amount", "language", "expected"),
    [
        pytest.param("CLP", "85000", "es", "CLP 85.000", id="no minor unit"),
        pytest.param("USD", "1234.5", "en", "USD 1,234.50", id="english"),
        pytest.param("BRL", "99.9", "es", "BRL 99,90", id="comma"),
    ],
)
def test_money_is_written_as_the_language_does(
    currency: str, amount: str, language: str, expected: str
) -> None:
    money = Money(amount=Decimal(amount), currency=currency)
    assert words("{{ p }}", language, p=Priced(source_id="s", money=money)) == expected


def test_instants_are_told_in_the_hotels_zone() -> None:
    instant = datetime(2026, 12, 23, 2, 30, tzinfo=UTC)
    assert words("{{ at | instant }}", "en", at=instant) == "Tue, Dec 22, 2026, 11:30 PM"


def test_days_and_times_are_told_in_the_language() -> None:
    assert words("{{ d | day }}", "es", d=date(2026, 12, 24)) == "jue 24 de dic de 2026"
    assert words("{{ t | clock }}", "es", t=time(15, 0)) == "15:00"


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(TemplateProblem, match="undefined"):
        words("{{ nothing }}")


def test_a_template_cannot_reach_into_python() -> None:
    with pytest.raises(TemplateProblem):
        words("{{ ''.__class__.__mro__ }}")


def test_an_unknown_template_is_an_error() -> None:
    with pytest.raises(TemplateProblem, match="no template"):
        renderer(t="hola").render("x/other", {}, language="es", zone=ZONE)


def test_a_template_that_cannot_be_compiled_is_missing_and_named() -> None:
    made = renderer(t="{% if %}", good="hola")
    assert made.broken == ["x/es/t", "x/en/t"]
    assert made.render("x/good", {}, language="es", zone=ZONE).text == "hola"
    with pytest.raises(TemplateProblem, match="no template"):
        made.render("x/t", {}, language="es", zone=ZONE)


def test_words_without_end_are_a_bug_of_the_plugin_that_has_them() -> None:
    guard = Guard("x", structlog.get_logger(), timeout=1, concurrency=1)
    made = Renderer({"x/es/a": "a" * 12_000}, {"x": guard})
    can = Abilities(max_options=3)
    assert rendering.render([A], made, language="es", zone=ZONE, can=can)
    with pytest.raises(PluginBug, match="x failed in render"):
        rendering.render([A, A], made, language="es", zone=ZONE, can=can)


def bubbles(*replies: Reply, can: Abilities | None = None) -> list[rendering.Bubble]:
    made = renderer(a="uno", b="dos", yes="Sí")
    can = can or Abilities(max_options=3, max_title=20)
    return rendering.render(replies, made, language="es", zone=ZONE, can=can)


A, B = Reply(template="x/a"), Reply(template="x/b")
YES = Option(id="yes", phrase="x/yes")


def test_plain_neighbours_become_one_message() -> None:
    assert [bubble.text for bubble in bubbles(A, B)] == ["uno\n\ndos"]


def test_a_question_joins_what_was_said_before_it_and_keeps_its_buttons() -> None:
    (only,) = bubbles(A, Reply(template="x/b", options=(YES,)))
    assert only.text == "uno\n\ndos"
    assert [(option.id, option.title) for option in only.options] == [("yes", "Sí")]


def test_a_photo_and_a_place_stay_messages_of_their_own() -> None:
    photo = Reply(template="x/a", image=Image(url="https://images.example/a.jpg"))
    place = Reply(template="x/b", location=Location(latitude=1.0, longitude=2.0))
    assert [bubble.text for bubble in bubbles(photo, place, A)] == ["uno", "dos", "uno"]


@pytest.mark.parametrize(
    ("can", "title"),
    [(Abilities(max_options=0), "Sí"), (Abilities(max_options=3, max_title=4), "Doble")],
    ids=["too many", "too long"],
)
def test_options_that_do_not_fit_are_numbered(can: Abilities, title: str) -> None:
    option = YES if title == "Sí" else Option(id="o", label=title)
    (only,) = bubbles(Reply(template="x/a", options=(option,)), can=can)
    assert only.options == ()
    assert only.text == f"uno\n1. {title}"


def test_an_amount_cannot_be_formatted_away_from_its_source() -> None:
    with pytest.raises(TemplateProblem, match="source"):
        words("{{ '%s'|format(total) }}", total=TOTAL)


@pytest.mark.parametrize("pattern", ["%50000000s", "%-9s", "%.9d", "%*d", "%(name)s", "%r", "%"])
def test_a_pattern_says_where_values_stand_and_no_more(pattern: str) -> None:
    """A width alone would be as much memory as somebody likes."""
    with pytest.raises(TemplateProblem, match="only %s and %d"):
        words("{{ pattern|format(1) }}", pattern=pattern)
    assert words("{{ '%d %s, 100%%'|format(2, name) }}", name="Ana") == "2 Ana, 100%"


def test_words_that_a_hotel_stored_before_that_was_refused_are_not_said_and_ours_are() -> None:
    own = renderer(t="hola").with_words({"x/es/t": "{{ '%50000000s'|format('x') }}"})
    assert own.render("x/t", {}, language="es", zone=ZONE).text == "hola"
