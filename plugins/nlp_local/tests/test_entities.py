from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from agente_hotelero.messages import Entity, OfferedOption, PartyHint, UnderstandRequest
from agente_hotelero_nlp_local import answers, contacts, parties, rooms, stays
from agente_hotelero_nlp_local.engine import common_words
from agente_hotelero_nlp_local.entities import read
from agente_hotelero_nlp_local.text import fold, plain

STAYS = Path(__file__).parent / "data" / "stays_dev.jsonl"
VOCABULARY = {
    "double": ["Habitación doble", "Quarto duplo", "Double room"],
    "family": ["Habitación familiar", "Quarto família", "Family room"],
    "suite": ["Suite", "Suíte", "Suite"],
}
OPTIONS = (
    OfferedOption(id="offer:0", title="Habitación doble"),
    OfferedOption(id="offer:1", title="Habitación familiar"),
    OfferedOption(id="offer:2", title="Suite"),
)


IDENTIFY = ("reference", "person", "email")


def entities(text: str, *, expects: tuple[str, ...] = ()) -> tuple[Entity, ...]:
    """All that is read in a text, as the engine does."""
    request = UnderstandRequest(
        text=text,
        language="es",
        languages=("es", "pt", "en"),
        reference=datetime(2026, 11, 18, 12, tzinfo=ZoneInfo("America/Montevideo")),
        zone=ZoneInfo("America/Montevideo"),
        expects=expects,
    )
    return read(text, request, "es", common_words(), None)


def stay_lines() -> list[Any]:
    lines = [json.loads(line) for line in STAYS.read_text(encoding="utf-8").splitlines()]
    return [pytest.param(line, id=line["id"]) for line in lines if line["kind"] != "vague"]


@pytest.mark.parametrize("line", stay_lines())
def test_a_stay_is_read_as_a_person_would(line: dict[str, Any]) -> None:
    found = stays.read(fold(line["text"]).text, date.fromisoformat(line["ref"]), line["lang"])
    arrival, departure = (found.hint.arrival, found.hint.departure) if found else (None, None)
    expected = (line["expect"].get("checkin"), line["expect"].get("checkout"))
    wanted = [expected, *map(tuple, line.get("accept", ()))]
    assert (arrival and str(arrival), departure and str(departure)) in wanted


def hint(adults: int | None, children: int | None, *ages: int) -> PartyHint:
    return PartyHint(adults=adults, children=children, child_ages=ages)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("para dos", hint(2, None)),
        ("somos 4", hint(4, None)),
        ("2 adultos y un niño de 5 años", hint(2, 1, 5)),
        ("dos adultos, 2 nenes (3 y 7 años)", hint(2, 2, 3, 7)),
        ("para mí y mi esposa", hint(2, None)),
        ("viajo sola", hint(1, None)),
        ("2 adultos sin niños", hint(2, 0)),
        ("um casal e uma criança", hint(2, 1)),
        ("para duas pessoas", hint(2, None)),
        ("2 adultos e 1 bebê de 8 meses", hint(2, 1, 0)),
        ("me and my wife", hint(2, None)),
        ("2 adults, 2 kids aged 4 and 9", hint(2, 2, 4, 9)),
        ("we are three people", hint(3, None)),
        ("for two", hint(2, None)),
        ("just me", hint(1, None)),
        ("my 6-year-old son", hint(None, 1, 6)),
        ("2 adultos y 2 nenes de 3 y 7", hint(2, 2, 3, 7)),
        ("2 chicos de 4 y 9", hint(None, 2, 4, 9)),
        ("2 niños, 2 adultos", hint(2, 2)),
        ("un cuarto pa' dos", hint(2, None)),
    ],
)
def test_a_party_is_counted(text: str, expected: PartyHint) -> None:
    found = parties.read(plain(text))
    assert found is not None
    assert found.hint == expected


@pytest.mark.parametrize(
    "text",
    [
        "para 2 noches",
        "for 3 nights",
        "hola",
        "para el 24/12",
        "por 2 dias",
        "at 5 pm",
        "a nombre de mi esposa Laura Gómez",
        "quero trocar o nome da reserva para minha esposa Carla Lima",
        "put it under my wife's name, Mary Smith",
        "a room for 0 people",
    ],
)
def test_what_is_no_party_is_not_read_as_one(text: str) -> None:
    assert parties.read(plain(text)) is None


@pytest.mark.parametrize(
    ("text", "awaited", "expected"),
    [("2", "party", hint(2, None)), ("5 y 7", "ages", hint(None, None, 5, 7))],
)
def test_bare_numbers_answer_what_was_asked(text: str, awaited: str, expected: PartyHint) -> None:
    found = parties.read(plain(text), awaited)
    assert found is not None
    assert found.hint == expected
    assert parties.read(plain(text)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sí", True),
        ("Sí, confirmo", True),
        ("dale", True),
        ("sim, pode ser", True),
        ("yes please", True),
        ("ok", True),
        ("no", False),
        ("no, mejor no", False),
        ("não, obrigado", False),
        ("nope", False),
        ("sí, pero más barato", None),
        ("yes but for three nights", None),
        ("ok, no", False),
        ("sí?", None),
        ("tal vez", None),
        ("noviembre", None),
        ("sin desayuno", None),
        ("yesterday", None),
        ("nos gusta", None),
        ("si puedo pagar allá", None),
        ("si hay lugar para el auto", None),
        ("quiero cambiar la fecha", None),
        ("quiero otra habitación", None),
        ("claro, ¿cuánto sería en dólares?", None),
        ("ok espera", None),
        ("no entiendo", None),
        ("no sé", None),
        ("no tengo email", False),
        ("sí, si me hacen descuento", None),
        ("sim, mas só se tiver vista para o mar", None),
        ("sí quiero que me expliques la cancelación", None),
        ("yes... actually wait", None),
        ("sí, esa", True),
        ("sí quiero", True),
        ("Si, por favor!", True),
        ("yes, book it please", True),
        ("isso mesmo, pode confirmar", True),
        ("ok gracias", True),
        ("no quiero", False),
        ("no me interesa, gracias", False),
        ("no, tres noches", False),
    ],
)
def test_only_an_explicit_yes_is_one(text: str, expected: bool | None) -> None:
    found = answers.yes_or_no(plain(text))
    assert (found.value if found else None) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("la primera", "offer:0"),
        ("2", "offer:1"),
        ("la opción 3", "offer:2"),
        ("the second one please", "offer:1"),
        ("a terceira", "offer:2"),
        ("la última", "offer:2"),
        ("la familiar no, la suite", "offer:2"),
        ("Habitación familiar", "offer:1"),
        ("quiero la 1", "offer:0"),
        ("2 noches", None),
        ("somos 3", None),
        ("ninguna", None),
        ("la más barata", "offer:0"),
        ("the cheapest one please", "offer:0"),
        ("a mais em conta", "offer:0"),
    ],
)
def test_an_option_is_named_by_title_place_or_number(text: str, expected: str | None) -> None:
    found = answers.option(plain(text), OPTIONS)
    assert (found.id if found else None) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("una habitación doble", ("double",)),
        ("hab dbl", ("double",)),
        ("quarto duplo", ("double",)),
        ("a twin room", ("double",)),
        ("la suite", ("suite",)),
        ("family room", ("family",)),
        ("una habitación", None),
        ("penthouse", None),
    ],
)
def test_a_room_is_known_by_its_own_and_by_common_names(
    text: str, expected: tuple[str, ...] | None
) -> None:
    found = rooms.room_type(plain(text), VOCABULARY)
    assert (found.ids if found else None) == expected


def test_a_word_that_two_rooms_share_means_both() -> None:
    names = {"a": ["Doble Patio"], "b": ["Doble Mar"], "c": ["Suite"]}
    found = rooms.room_type("una doble", names)
    assert found is not None
    assert found.ids == ("a", "b")
    told = rooms.room_type("la doble mar", names)
    assert told is not None
    assert told.ids == ("b",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("me llamo Ana García", "Ana García"),
        ("a nombre de Juan Pérez, juan@example.com", "Juan Pérez"),
        ("Meu nome é João da Silva", "João da Silva"),
        ("My name is Emma O'Neill", "Emma O'Neill"),
        ("soy María de los Ángeles Ruiz y mi mail es a@b.com", "María de los Ángeles Ruiz"),
        ("soy de Mendoza", None),
        ("soy alérgico al maní", None),
        ("I am looking for a room", None),
    ],
)
def test_a_name_that_is_introduced(text: str, expected: str | None) -> None:
    found = contacts.introduced(text, common_words())
    assert (found.value if found else None) == expected
    if found:
        assert text[slice(*found.span)] == found.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ana García", "Ana García"),
        ("marta ruiz", "marta ruiz"),
        ("Sam Lee, sam@example.com", "Sam Lee"),
        ("Paula", "Paula"),
        ("no gracias", None),
        ("quiero cancelar", None),
        ("¿aceptan perros?", None),
        ("3 noches", None),
        ("wifi", None),
    ],
)
def test_a_bare_name_is_told_from_other_words(text: str, expected: str | None) -> None:
    found = contacts.bare(text, common_words())
    assert (found.value if found else None) == expected


def test_email_and_phone_are_found_as_written() -> None:
    text = "Soy Ana, ana.g+x@example.co.uk o +54 9 11 5555-0101"
    mail, phone = contacts.email(text), contacts.phone(text)
    assert mail is not None
    assert phone is not None
    assert (mail.value, phone.value) == ("ana.g+x@example.co.uk", "+54 9 11 5555-0101")
    assert contacts.phone("del 24/12/2026 al 27/12/2026") is None


YES_NO = (OfferedOption(id="yes", title="Sí"), OfferedOption(id="no", title="No"))


@pytest.mark.parametrize("text", ["sí pero sin desayuno", "no sé", "ahora no puedo"])
def test_a_button_that_says_yes_is_not_pressed_in_passing(text: str) -> None:
    assert answers.option(plain(text), YES_NO) is None


@pytest.mark.parametrize(
    ("text", "arrival", "departure"),
    [
        ("del 25 al 27", "2027-01-25", "2027-01-27"),
        ("con llegada el 21", "2027-01-21", None),
        ("del 3 al 5 de febrero", "2027-02-03", "2027-02-05"),
        ("mañana", "2026-11-19", None),
    ],
)
def test_bare_days_belong_to_the_month_spoken_of(
    text: str, arrival: str, departure: str | None
) -> None:
    today, topic = date(2026, 11, 18), date(2027, 1, 20)
    found = stays.read(plain(text), today, "es", topic=topic)
    assert found is not None
    assert str(found.hint.arrival) == arrival
    assert (found.hint.departure and str(found.hint.departure)) == departure


@pytest.mark.parametrize("text", ["semana santa para dos", "dos semanas desde el 2/1 para dos"])
def test_people_after_dates_are_no_departure(text: str) -> None:
    found = stays.read(text, date(2026, 11, 18), "es")
    assert found is not None
    assert text[found.spans[-1][1] :] == " para dos"


def test_an_hour_is_no_day() -> None:
    assert stays.read("y si llego a las 23?", date(2026, 11, 18), "es") is None


def test_a_departure_before_the_arrival_is_not_four_weeks() -> None:
    found = stays.read("del 20 al 18 de diciembre", date(2026, 11, 18), "es")
    assert found is not None
    assert (found.hint.arrival, found.hint.departure) == (date(2026, 12, 20), None)


def test_months_of_stay_are_said_as_they_are() -> None:
    found = stays.read("del 1 de enero al 30 de junio", date(2026, 11, 18), "es")
    assert found is not None
    assert found.hint.nights == 180


def test_a_rate_is_known_by_a_word_of_its_own() -> None:
    rates = {"flexible": ["Flexible con desayuno"], "saver": ["No reembolsable"]}
    for text, plan in (("la flexible", "flexible"), ("la no reembolsable", "saver")):
        found = rooms.rate(text, rates)
        assert found is not None
        assert found.ids == (plan,)
    assert rooms.rate("la primera", rates) is None


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("quiero cancelar la reserva SOL-7K3QF2", "SOL-7K3QF2"),
        ("sol-7k3qf2", "SOL-7K3QF2"),
        ("minha reserva é a SEA-0001", "SEA-0001"),
        ("my booking reference is QHNXGVAAR", "QHNXGVAAR"),
        ("código de reserva: XKBKNABJK, apellido Sosa", "XKBKNABJK"),
        ("booking no. 48213377", "48213377"),
        ("check-in y check-out", None),
        ("quiero una reserva con wi-fi", None),
        ("tengo una reserva para mañana", None),
        ("reserva para 2 personas", None),
        ("ana-maria@sol-123456.example", None),
    ],
)
def test_references_of_bookings(text: str, reference: str | None) -> None:
    found = [entity.value for entity in entities(text) if entity.type == "reference"]
    assert found == ([reference] if reference else [])


@pytest.mark.parametrize(
    ("text", "reference", "name"),
    [
        ("A12345, García", "A12345", "García"),
        ("SOL-7K3QF2 y García", "SOL-7K3QF2", "García"),
        ("García, SOL-7K3QF2", "SOL-7K3QF2", "García"),
        ("la referencia es SOL-7K3QF2 y el apellido García Pérez", "SOL-7K3QF2", "García Pérez"),
        ("o código é SOL-24DEC5 e o sobrenome é Souza", "SOL-24DEC5", "Souza"),
        ("it's under the surname O'Brien, reference AB12CD34", "AB12CD34", "O'Brien"),
        ("Rodriguez", None, "Rodriguez"),
        ("48213377", "48213377", None),
    ],
)
def test_asked_for_a_reference_and_a_name(
    text: str, reference: str | None, name: str | None
) -> None:
    found = {entity.type: entity.value for entity in entities(text, expects=IDENTIFY)}
    assert (found.get("reference"), found.get("person")) == (reference, name)
    assert set(found) <= {"reference", "person"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("cancela", True),
        ("sí, cancélala", True),
        ("pode cancelar", True),
        ("cancel it please", True),
        ("yes, cancel", True),
        ("sí", True),
        ("ok, cancela la reserva", True),
        ("no", False),
        ("no la canceles", False),
        ("não cancela não", False),
        ("don't cancel", False),
        ("mejor no", False),
        ("no quiero cancelarla", False),
        ("si cancelo, ¿me devuelven algo?", None),
        ("¿cuánto cuesta cancelar?", None),
    ],
)
def test_asked_whether_to_cancel_saying_it_is_a_yes(text: str, value: bool | None) -> None:
    found = answers.yes_or_no(fold(text).text, to_cancel=True)
    assert (found.value if found else None) is value


def test_otherwise_cancelling_is_a_no() -> None:
    found = answers.yes_or_no("cancela")
    assert found is not None
    assert found.value is False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("actually three adults", hint(3, None)),
        ("no, somos 4 adultos", hint(4, None)),
        ("4 pessoas", hint(4, None)),
        ("dos, 4 y 6", hint(None, None, 2, 4, 6)),
    ],
)
def test_people_are_no_ages_although_these_were_asked(text: str, expected: PartyHint) -> None:
    found = parties.read(plain(text), "ages")
    assert found is not None
    assert found.hint == expected


@pytest.mark.parametrize("text", ["somos 2", "we are 2", "para 3 personas"])
def test_people_are_no_day_although_nights_were_asked(text: str) -> None:
    found = entities(text, expects=("nights", "party"))
    assert [one.type for one in found] == ["party"]


def test_a_bare_number_is_a_day_or_nights_where_these_were_asked() -> None:
    assert [one.type for one in entities("el 27", expects=("nights", "party"))] == ["stay"]
    assert [one.type for one in entities("2", expects=("nights", "party"))] == ["stay"]


@pytest.mark.parametrize(
    "text",
    [
        "quiero agregar una noche",
        "¿se puede sumar una noche?",
        "can I add a night?",
        "quero adicionar uma noite",
        "I'd like to extend my stay by two nights",
        "quiero extender la estadía por dos noches",
        "two more nights",
    ],
)
def test_nights_that_are_added_are_not_how_many_there_are(text: str) -> None:
    assert stays.read(plain(text), date(2026, 11, 18), "es") is None


@pytest.mark.parametrize("text", ["in the summer 2 nights", "agrega desayuno, son 2 noches"])
def test_other_nights_are_how_many_there_are(text: str) -> None:
    found = stays.read(plain(text), date(2026, 11, 18), "es")
    assert found is not None
    assert found.hint.nights == 2


QUARTOS = (
    OfferedOption(id="offer:0", title="Quarto duplo · Não reembolsável"),
    OfferedOption(id="offer:1", title="Quarto duplo · Flexível"),
    OfferedOption(id="offer:2", title="Quarto família · Flexível"),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("o segundo", "offer:1"),
        ("prefiro o segundo", "offer:1"),
        ("quero o mais barato", "offer:0"),
        ("o primeiro, por favor", "offer:0"),
        ("pode ser o terceiro", "offer:2"),
        ("o segundo ou o terceiro", None),
        ("o segundo tem varanda?", None),
        ("la primera o la segunda", None),
    ],
)
def test_a_portuguese_article_chooses_and_an_or_does_not(text: str, expected: str | None) -> None:
    found = answers.option(plain(text), QUARTOS)
    assert (found.id if found else None) == expected


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("is breakfast included?", []),
        ("la flexible se puede cancelar?", []),
        ("la flexible", ["flexible"]),
        ("puede ser la flexible con desayuno?", ["flexible"]),
    ],
)
def test_who_asks_about_a_rate_has_not_taken_it(text: str, chosen: list[str]) -> None:
    rates = {"flexible": ["Flexible con desayuno", "Flexible with breakfast"]}
    request = UnderstandRequest(
        text=text,
        language="es",
        languages=("es", "pt", "en"),
        reference=datetime(2026, 11, 18, 12, tzinfo=ZoneInfo("America/Montevideo")),
        zone=ZoneInfo("America/Montevideo"),
        options=OPTIONS,
        rates=rates,
    )
    found = read(text, request, "es", common_words(), None)
    assert [one.value for one in found if one.type == "rate"] == chosen


@pytest.mark.parametrize(
    "text",
    ["no email", "I don't have an email", "no tengo mail", "skip it", "sem e-mail", "não tenho"],
)
def test_who_has_no_address_says_no_and_nothing_else(text: str) -> None:
    said = answers.yes_or_no(plain(text))
    assert said is not None
    assert said.value is False
    assert said.span == (0, len(plain(text)))


@pytest.mark.parametrize(
    ("text", "language", "arrival"),
    [
        ("para navidad, llegamos el 24 de diciembre", "es", "2026-12-24"),
        ("a room for Christmas, arriving the 23rd", "en", "2026-12-23"),
        ("new year, arriving December 30", "en", "2026-12-30"),
        ("para ano novo, chegando dia 29", "pt", "2026-12-29"),
        ("para año nuevo, llegando el 3", "es", "2027-01-03"),
        ("el fin de semana, llegando el viernes 11", "es", "2026-12-11"),
        ("llego el 5 de enero, perdón, el 6", "es", "2027-01-06"),
    ],
)
def test_a_day_of_arrival_goes_before_the_feast_beside_it(
    text: str, language: str, arrival: str
) -> None:
    found = stays.read(plain(text), date(2026, 11, 26), language)
    assert found is not None
    assert str(found.hint.arrival) == arrival
