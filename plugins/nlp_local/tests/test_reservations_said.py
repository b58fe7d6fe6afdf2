"""What guests say of a reservation they have, in the words that were once misread."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from agente_hotelero.messages import (
    OfferedOption,
    PartyHint,
    StayHint,
    Understanding,
    UnderstandRequest,
)
from agente_hotelero_nlp_local import answers, engine, intents, stays
from agente_hotelero_nlp_local.text import fold

IDENTIFY = ("reference", "person", "email", "yes_no")
SUMMARY = ("yes_no", "stay", "party", "room_type", "rate", "person", "email")


def understand(text: str, language: str | None = None, **context: Any) -> Understanding:
    request = UnderstandRequest(
        text=text,
        language=language,
        languages=("es", "pt", "en"),
        reference=datetime(2026, 11, 18, 12, tzinfo=UTC),
        zone=ZoneInfo("America/Montevideo"),
        **context,
    )
    return engine.read(request)


def wishes(found: Understanding) -> set[str]:
    return {intent.name for intent in found.intents if intent.confidence >= 0.5}


def said(found: Understanding, kind: str) -> Any:
    entity = found.first(kind)
    return entity.value if entity else None


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("quero mudar minha reserva para 20 a 23 de agosto", "modify_reservation"),
        ("tengo que cambiar la reserva: del 3 al 6 de mayo, 2 personas", "modify_reservation"),
        ("please change my booking to May 3 - 6, two adults", "modify_reservation"),
        ("what would cancelling cost? I want to cancel my booking", "cancel_reservation"),
        ("quería consultar mi reserva SOL-7K3QF2, a nombre de Iglesias", "reservation_status"),
    ],
)
def test_dates_and_people_of_a_reservation_that_exists_are_no_wish_for_another(
    text: str, wish: str
) -> None:
    assert wishes(understand(text)) == {wish}


def test_another_reservation_beside_a_cancellation_is_heard() -> None:
    found = understand("quiero cancelar mi reserva y quiero reservar una suite")
    assert wishes(found) == {"cancel_reservation", "make_reservation"}


def test_what_is_being_put_together_is_corrected_not_a_reservation() -> None:
    text = "mejor cambiá las fechas: del 10 al 12 de enero"
    assert wishes(understand(text, "es", expects=SUMMARY)) == set()
    assert wishes(understand(text, "es", expects=("yes_no", "stay", "cancel"))) == {
        "modify_reservation"
    }


@pytest.mark.parametrize("code", ["SOL-7K3QF2", "LUNA-NOTAXI", "RM-PARKING1"])
def test_the_letters_of_a_reference_say_nothing_of_what_is_wanted(code: str) -> None:
    found = understand(f"quiero saber el estado de la reserva {code}")
    assert wishes(found) == {"reservation_status"}


def test_answering_with_a_reference_asks_for_no_room() -> None:
    found = understand("try Collins. booking SOL-7K3QF2", "en", expects=IDENTIFY)
    assert not wishes(found) & engine.STAYING
    assert (said(found, "person"), said(found, "reference")) == ("Collins", "SOL-7K3QF2")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ref SOL-7K3QF2", None),
        ("achei: SOL-7K3QF2", None),
        ("é a SOL-7K3QF2", None),
        ("then White, SOL-7K3QF2", "White"),
        ("it's Smith", "Smith"),
        ("should be under Smith", "Smith"),
        ("Iglesias por favor", "Iglesias"),
        ("é Oliveira", "Oliveira"),
    ],
)
def test_a_surname_is_told_from_the_words_around_it(text: str, name: str | None) -> None:
    heard = said(understand(text, "en", expects=IDENTIFY), "person")
    assert (heard or "").split()[-1:] == ([name] if name else [])


def test_a_name_beside_a_reference_needs_no_question() -> None:
    assert said(understand("necesito ver mi reserva: SOL-7K3QF2, Iglesias"), "person") == "Iglesias"
    assert said(understand("mi reserva es SOL-7K3QF2, gracias"), "person") is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Juan Pérez, mail juan@example.com", "Juan Pérez"),
        ("Sam Lee - sam@example.com", "Sam Lee"),
        ("name Ian Fox, email ian@example.com", "Ian Fox"),
        ("Lucía Fernández es mi nombre", "Lucía Fernández"),
        ("o e-mail é paula@example.com", None),
        ("it's laura@example.com", None),
        ("anota aí: joao@example.com", None),
    ],
)
def test_a_name_is_told_from_words_about_an_address(text: str, name: str | None) -> None:
    assert said(understand(text, "en", expects=("person", "email")), "person") == name


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("pode mudar", True),
        ("pode incluir", True),
        ("sale, cámbiela", True),
        ("ok change it", True),
        ("sí, haga el cambio", True),
        ("no, dejala como está", False),
        ("¿se puede cambiar?", None),
    ],
)
def test_asked_whether_to_change_saying_it_is_a_yes(text: str, value: bool | None) -> None:
    found = answers.yes_or_no(fold(text).text, to_change=True)
    assert (found.value if found else None) is value


@pytest.mark.parametrize("text", ["change it", "pode mudar", "cámbiela"])
def test_otherwise_to_change_something_is_no_yes(text: str) -> None:
    assert answers.yes_or_no(fold(text).text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("looks good, go ahead", True),
        ("no gracias, es mucho", False),
        ("mmm no, gracias igual", False),
        ("no way, leave it then", False),
        ("sí por favor, pero sin desayuno", None),
    ],
)
def test_a_polite_word_before_the_comma_leaves_the_answer(text: str, value: bool | None) -> None:
    found = answers.yes_or_no(fold(text).text)
    assert (found.value if found else None) is value


def test_to_go_ahead_and_cancel_is_to_cancel() -> None:
    found = answers.yes_or_no("go ahead and cancel", to_cancel=True)
    assert found is not None
    assert found.value is True


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("la fecha", "a"),
        ("quiero otras fechas", "a"),
        ("un huésped", "b"),
        ("otra cosa", "c"),
        ("el precio", None),
        ("la fecha y un huésped", None),
    ],
)
def test_a_short_title_is_named_by_its_telling_word(text: str, chosen: str | None) -> None:
    options = [
        OfferedOption(id="a", title="Las fechas"),
        OfferedOption(id="b", title="Los huéspedes"),
        OfferedOption(id="c", title="Otra cosa"),
    ]
    found = answers.option(fold(text).text, options)
    assert (found.id if found else None) == chosen


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("do dia 24 ao dia 27 de dezembro", "pt", ((12, 24), (12, 27))),
        ("do dia 24 ao 27 de dezembro", "pt", ((12, 24), (12, 27))),
        ("12/02 - 15/02", "en", ((2, 12), (2, 15))),
        ("leave on december 14 instead of the 13th", "en", (None, (12, 14))),
    ],
)
def test_stays_that_were_misread(text: str, language: str, expected: tuple[Any, Any]) -> None:
    found = stays.read(text, date(2026, 11, 18), language)
    assert found is not None
    days = (found.hint.arrival, found.hint.departure)
    assert tuple((day.month, day.day) if day else None for day in days) == expected


def test_a_number_in_the_place_of_nights_counts_nights() -> None:
    found = stays.read("en vez de 2 noches necesito 4", date(2026, 11, 18), "es")
    assert found is not None
    assert found.hint == StayHint(nights=4)


@pytest.mark.parametrize("text", ["quarto duplo pra 2 de 5 a 7 de maio", "vamos a ser 2"])
def test_people_that_were_not_counted(text: str) -> None:
    assert said(understand(text), "party") == PartyHint(adults=2)


def test_a_pronoun_after_a_comma_belongs_to_what_came_before() -> None:
    assert [part.text for part in intents.parts("viajo con un perrito, lo aceptan?")] == [
        "viajo con un perrito, lo aceptan?"
    ]


@pytest.mark.parametrize(
    ("text", "language"),
    [("una noche más", "es"), ("mais uma noite", "pt"), ("another 2 nights please", "en")],
)
def test_nights_more_are_not_how_long_the_stay_is(text: str, language: str) -> None:
    assert stays.read(fold(text).text, date(2026, 11, 18), language) is None
    longer = stays.read(fold(f"{text}, 4 nights").text, date(2026, 11, 18), language)
    assert longer is not None
    assert longer.hint == StayHint(nights=4)
