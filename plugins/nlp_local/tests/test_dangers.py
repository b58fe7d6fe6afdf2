"""What must not be taken for more than it says: a hostile reader's strings."""

from __future__ import annotations

import pytest
from agente_hotelero.messages import OfferedOption
from agente_hotelero_nlp_local import answers
from agente_hotelero_nlp_local.text import plain

from benchmarks.nlu import own
from plugins.nlp_local.tests.test_engine import clear, understand

OPTIONS = (
    OfferedOption(id="offer:0", title="Habitación doble"),
    OfferedOption(id="offer:1", title="Triple con balcón"),
    OfferedOption(id="offer:2", title="Suite vista al mar"),
)
POSTPONED = (
    "ok, lo pienso", "dale, lo pienso", "sí, mañana te confirmo",
    "perfecto, lo consulto y te digo", "sí, lo hablo con mi mujer y te digo",
    "de acuerdo, mañana decido", "sí, luego", "dale, en un rato", "dale, esperame",
    "ok, un segundo", "bueno, déjame ver", "certo, vou pensar", "sim, depois",
    "tudo bem, depois eu vejo", "sure, let me think", "ok, I'll think about it",
)  # fmt: skip
REFUSED = (
    "bueno, es muy caro", "ok, es caro", "bueno, dejá", "bueno, olvidate", "está bien, lo dejo",
    "bueno, mejor otro día", "ok, otro día", "bueno, en otro momento", "bueno, nada",
    "bueno, chau", "ok igual gracias", "listo, gracias igual",
)  # fmt: skip
CONDITIONS = (
    "sí, siempre que tenga desayuno", "sí, en cuanto me confirmes el precio", "sí, cuando cobre",
    "dale, salvo que llueva", "dale, a menos que esté caro", "sim, caso tenha garagem",
    "yes, unless it rains", "yes, as long as there is parking", "sí, creo", "sí, tal vez",
    "yes, maybe",
)  # fmt: skip
QUESTIONS = (
    "sí, cuánto sale", "sim, quanto custa", "yes, what's the fee", "sí, una pregunta",
    "sí, tengo una duda", "sí, quería saber el precio", "sí, mejor otra fecha",
    "dale, pasala al 15", "y", "s", "fecha", "la fecha",
)  # fmt: skip
NO_TO_CANCELLING = (
    "cancelar, mejor cambiar de fecha", "bueno, cambiala de fecha", "drop it, keep the booking",
    "borra eso", "tira", "cancelado", "sí, solo una noche", "sí, con devolución total",
    "sí, siempre y cuando me devuelvan", "yes, just the breakfast",
)  # fmt: skip


@pytest.mark.parametrize("text", [*POSTPONED, *REFUSED, *CONDITIONS, *QUESTIONS])
def test_that_is_no_yes(text: str) -> None:
    said = answers.yes_or_no(plain(text))
    assert said is None or said.value is False


@pytest.mark.parametrize("text", NO_TO_CANCELLING)
def test_that_is_no_yes_to_cancelling(text: str) -> None:
    said = answers.yes_or_no(plain(text), to_cancel=True)
    assert said is None or said.value is False


@pytest.mark.parametrize("text", ["no, quiero decir sí", "no, sí", "no, dale", "no, mejor sí"])
def test_a_no_that_is_taken_back_is_none(text: str) -> None:
    assert answers.yes_or_no(plain(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "no la doble", "la doble no", "habitación doble no", "la doble no me gusta",
        "no quiero la suite", "la suite? no", "ni la suite ni la doble",
        "cualquiera menos la doble",
        "la más barata no", "la primera no", "no la opción 2", "que no tenga balcón",
        "anything but the suite", "¿la doble tiene balcón?", "cuánto sale la suite?",
        "qué diferencia hay entre la doble y la suite", "la doble o la suite?", "triple o doble",
        "en vez de la doble", "ya tuve la doble y era chica", "la doble es muy cara",
        "la habitación está sucia", "otra habitación", "la primera vez que voy", "la primera noche",
        "en el segundo piso?", "a primera hora", "primero quiero saber el precio", "wait a second",
        "second thoughts", "ultima pregunta", "last time I was there it was dirty", "the top floor",
        "2 por noche?",
    ],
)  # fmt: skip
def test_that_chooses_nothing(text: str) -> None:
    assert answers.option(plain(text), OPTIONS) is None


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("la doble", "offer:0"),
        ("no, la segunda", "offer:1"),
        ("la doble no, la suite", "offer:2"),
        ("la doble, ¿tiene wifi?", "offer:0"),
        ("¿puede ser la triple?", "offer:1"),
        ("la que tiene balconcito", "offer:1"),
        ("la última, gracias", "offer:2"),
    ],
)
def test_that_chooses(text: str, chosen: str) -> None:
    found = answers.option(plain(text), OPTIONS)
    assert found is not None
    assert found.id == chosen


@pytest.mark.parametrize("text", ["la suite no", "cualquiera menos la suite", "not the suite"])
def test_a_refused_room_is_not_named_while_rooms_are_offered(text: str) -> None:
    rooms = {"double": ["Habitación doble"], "suite": ["Suite vista al mar"]}
    found = understand(text, options=OPTIONS, expects=("option",), vocabulary=rooms)
    assert found.first("room_type") is None


@pytest.mark.parametrize(
    "text",
    [
        "no cancelen mi reserva", "por favor no me cancelen la reserva, ya transferí",
        "no quiero cancelar, solo preguntar", "não quero cancelar", "não cancelem minha reserva",
        "don't cancel my booking", "I don't want to cancel", "me cancelaron el vuelo",
        "meu voo foi cancelado", "my flight was cancelled", "quiero cancelar la clase de yoga",
        "cancel my dinner reservation", "quiero cancelar la deuda", "cancelar con tarjeta",
        "cancelaste mi reserva?", "did you cancel my booking?",
    ],
)  # fmt: skip
def test_that_cancels_no_reservation(text: str) -> None:
    assert "cancel_reservation" not in clear(understand(text))


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("la persona que me atendió fue muy amable", "human_handoff"),
        ("no necesito factura", "invoice"),
        ("te paso el comprobante", "invoice"),
        ("I have no complaints", "complaint_maintenance"),
        ("quiero cambiar plata", "modify_reservation"),
        ("transferí 30000 pesos ayer", "airport_transfer"),
    ],
)
def test_that_is_not_meant(text: str, intent: str) -> None:
    assert intent not in clear(understand(text))


@pytest.mark.parametrize("text", ["quiero cancelar mi reserva", "cancela minha reserva por favor"])
def test_that_does_cancel(text: str) -> None:
    assert "cancel_reservation" in clear(understand(text))


@pytest.mark.parametrize(
    "text", ["$" + "9" * 40, "9" * 30 + " millones de pesos", "hola \ud800 wifi"]
)
def test_nothing_raises(text: str) -> None:
    assert understand(text).language in ("es", "pt", "en")


@pytest.mark.parametrize(
    ("text", "arrival", "departure"),
    [
        ("del 20 al 22 de noviembre del año que viene", "2027-11-20", "2027-11-22"),
        ("del 5 al 8 o del 12 al 15 de enero", "2027-01-05", "2027-01-08"),
        ("el 15 o el 22 de enero", "2027-01-15", None),
        ("la noche del 31", "2026-12-31", "2027-01-01"),
    ],
)
def test_the_month_and_year_are_those_that_were_said(
    text: str, arrival: str, departure: str | None
) -> None:
    found = own.shown(understand(text))["entities"]
    (stay,) = [one["value"] for one in found if one["type"] == "stay"]
    assert (stay["arrival"], stay["departure"]) == (arrival, departure)


@pytest.mark.parametrize(
    "text",
    [
        "fui del 10 al 15 de enero",
        "el viernes pasado reservé",
        "10/12 personas",
        "feliz navidad",
        "mañana te digo",
        "el 5 de enero no puedo",
        "el 24 no",
        "¿La pileta abre de lunes a viernes?",
    ],
)
def test_that_is_no_stay_to_come(text: str) -> None:
    assert understand(text).first("stay") is None


@pytest.mark.parametrize("text", ["aceptan michis?", "¿aceptan michis?", "¡michis!, ¿aceptan?"])
def test_a_known_word_is_known_with_its_marks(text: str) -> None:
    assert understand(text, language="es").verdict != "reject"
