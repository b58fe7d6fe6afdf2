from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from agente_hotelero._runtime import conversation, state
from agente_hotelero._runtime.routing import Call, route
from agente_hotelero._runtime.state import State
from agente_hotelero.dialogue import Focus, Frame
from agente_hotelero.messages import Entity, Intent, StayHint, Understanding

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
OWNERS = {
    "make_reservation": "booking",
    "wifi": "house",
    "parking": "house",
    "greeting": "talk",
    "affirm": "talk",
    "not_understood": "talk",
    "human_handoff": "person",
}
ASKING = Frame(
    handler="booking", step="dates", expects=("stay",), expires_at=NOW + timedelta(hours=1)
)
STAY = Entity(type="stay", text="mañana", span=(0, 6), value=StayHint(nights=1))


def heard(
    *intents: str, entities: tuple[Entity, ...] = (), verdict: Literal["act", "reject"] = "act"
) -> Understanding:
    found = tuple(Intent(name=name, confidence=0.9, at=at) for at, name in enumerate(intents))
    return Understanding(language="es", intents=found, entities=entities, verdict=verdict)


def asked(calls: list[Call]) -> list[tuple[str, bool]]:
    return [(call.handler, call.floor) for call in calls]


def test_an_answer_goes_to_the_frame_that_waits_for_it() -> None:
    assert asked(route(heard(entities=(STAY,)), None, [ASKING], OWNERS)) == [("booking", True)]


def test_a_change_of_subject_goes_to_its_owner() -> None:
    assert asked(route(heard("wifi"), None, [ASKING], OWNERS)) == [("house", False)]


def test_an_answer_and_another_question_are_both_heard_the_answer_first() -> None:
    calls = route(heard("wifi", entities=(STAY,)), None, [ASKING], OWNERS)
    assert asked(calls) == [("booking", True), ("house", False)]


def test_two_questions_to_one_handler_are_one_call_in_the_guests_order() -> None:
    (only,) = route(heard("parking", "wifi"), None, [], OWNERS)
    assert [intent.name for intent in only.intents] == ["parking", "wifi"]


OPINION = Frame(
    handler="opinions",
    step="opinion",
    expects=("opinion",),
    expires_at=NOW + timedelta(days=9),
    unasked=True,
)
ARRIVAL = replace(OPINION, handler="arrivals", step="arrival_time", expects=("time",))
HOUR = Entity(type="time", text="a las 18", span=(0, 8), value=time(18))
AFTER_STAY = OWNERS | {"house_question": "house", "complaint_maintenance": "person"}


@pytest.mark.parametrize(
    ("understood", "text"),
    [
        (heard(verdict="reject"), "la cama era dura"),
        (heard("affirm"), "sí, todo bien"),
        (heard("wifi"), "el wifi no andaba"),
        (heard("complaint_maintenance"), "estaba sucia"),
        (heard(entities=(STAY,)), "dos noches muy lindas"),
    ],
)
def test_what_is_said_after_a_stay_is_said_of_the_stay(understood: Any, text: str) -> None:
    calls = route(understood, None, [OPINION], AFTER_STAY, text)
    assert asked(calls) == [("opinions", True)]
    assert calls[0].intents == (understood.intents if understood.verdict == "act" else ())


@pytest.mark.parametrize(
    ("understood", "text", "handler"),
    [
        (heard("wifi"), "¿hay wifi?", "house"),
        (heard("make_reservation"), "quiero reservar otra vez", "booking"),
        (heard("human_handoff"), "quiero hablar con alguien", "person"),
    ],
)
def test_a_question_or_a_wish_after_a_stay_goes_where_it_always_goes(
    understood: Any, text: str, handler: str
) -> None:
    assert asked(route(understood, None, [OPINION], AFTER_STAY, text)) == [(handler, False)]


def test_an_hour_of_arrival_goes_to_who_asked_for_it() -> None:
    calls = route(
        heard("parking", entities=(HOUR,)), None, [ARRIVAL], OWNERS, "a las 18, ¿cochera?"
    )
    assert asked(calls) == [("arrivals", True), ("house", False)]


def test_what_was_not_asked_for_may_be_left_without_an_answer() -> None:
    """A bare yes belongs to no question then, as if there were no frame."""
    assert asked(route(heard("affirm"), None, [ARRIVAL], OWNERS, "ok")) == [("talk", False)]


def test_a_question_of_the_guests_own_matter_comes_before_what_was_not_asked_for() -> None:
    calls = route(heard(entities=(STAY,)), None, [ASKING, ARRIVAL], OWNERS, "mañana")
    assert asked(calls) == [("booking", True)]


def test_a_wish_for_a_person_comes_before_everything() -> None:
    calls = route(heard("wifi", "human_handoff", entities=(STAY,)), "yes", [ASKING], OWNERS)
    assert asked(calls) == [("person", False)]


def test_a_tapped_option_is_an_answer() -> None:
    assert asked(route(heard(), "offer:1", [ASKING], OWNERS)) == [("booking", True)]


def test_yes_is_small_talk_only_while_nothing_is_asked() -> None:
    assert asked(route(heard("affirm"), None, [], OWNERS)) == [("talk", False)]
    assert [call.intents for call in route(heard("affirm"), None, [ASKING], OWNERS)] == [()]


def test_an_agreeing_word_beside_a_wish_adds_nothing() -> None:
    assert asked(route(heard("affirm", "wifi"), None, [], OWNERS)) == [("house", False)]


def test_what_a_yes_is_to_is_said_by_the_last_question_alone() -> None:
    below = replace(ASKING, handler="reservations", expects=("yes_no", "cancel"))
    talk: Any = SimpleNamespace(state=State(frames=(below, ASKING)), too_early=False)
    assert conversation._expected(talk) == ("stay", "yes_no")
    talk.state = State(frames=(ASKING, below))
    assert conversation._expected(talk) == ("yes_no", "cancel", "stay")


@pytest.mark.parametrize(
    "understood",
    [heard(), heard("wifi", verdict="reject"), heard("lost_item")],
    ids=["nothing", "rejected", "nobody owns it"],
)
def test_what_nobody_can_answer_was_not_understood(understood: Understanding) -> None:
    (only,) = route(understood, None, [], OWNERS)
    assert (only.handler, only.intents) == ("talk", ())


def test_an_unsure_intent_is_not_acted_on() -> None:
    unsure = Understanding(
        language="es", intents=(Intent(name="wifi", confidence=0.3),), verdict="act"
    )
    assert [call.intents for call in route(unsure, None, [], OWNERS)] == [()]


def frame(handler: str, hours: float = 1) -> Frame:
    return Frame(handler=handler, step="s", expires_at=NOW + timedelta(hours=hours))


def test_the_stack_keeps_three_frames_and_one_per_handler() -> None:
    frames: tuple[Frame, ...] = ()
    for handler in ("a", "b", "c", "d", "b"):
        frames = state.put(frames, frame(handler))
    assert [one.handler for one in frames] == ["c", "d", "b"]


def test_a_frame_whose_time_is_over_is_gone() -> None:
    kept = State(frames=(frame("a", hours=-1), frame("b"))).fresh(NOW)
    assert [one.handler for one in kept.frames] == ["b"]


def test_a_state_survives_the_database() -> None:
    before = State(frames=(ASKING,), focus=Focus(misunderstood=1))
    assert state.parse(state.dump(before)) == before


def test_an_empty_column_is_a_fresh_state() -> None:
    assert state.parse({}) == State()


def test_a_handler_hears_its_intents_in_the_guests_order() -> None:
    intents = (Intent(name="parking", confidence=0.99, at=20), Intent(name="wifi", confidence=0.6))
    understood = Understanding(language="es", intents=intents, verdict="act")
    (only,) = route(understood, None, [], OWNERS)
    assert [intent.name for intent in only.intents] == ["wifi", "parking"]


SURE = Frame(
    handler="cancel", step="confirm", expects=("yes_no", "cancel"), expires_at=ASKING.expires_at
)
YES = Entity(type="yes_no", text="sí", span=(0, 2), value=True)


def test_a_yes_answers_the_last_question_and_no_older_one() -> None:
    """ "Sí, dame un segundo" to "what name?" must not cancel what was asked before."""
    assert asked(route(heard(entities=(YES,)), None, [SURE], OWNERS)) == [("cancel", True)]
    calls = route(heard(entities=(YES,)), None, [SURE, ASKING], OWNERS)
    assert ("cancel", True) not in asked(calls)


def test_what_an_older_question_waits_for_still_reaches_it() -> None:
    calls = route(heard(entities=(STAY,)), None, [ASKING, SURE], OWNERS)
    assert asked(calls) == [("booking", True)]


def test_who_has_not_the_floor_hears_no_yes() -> None:
    said = heard("wifi", entities=(YES, STAY))
    assert conversation._heard(said, floor=True) == (YES, STAY)
    assert conversation._heard(said, floor=False) == (STAY,)


UNSURE = OWNERS | {"unsure": "meaning"}
MEANING = Frame(handler="meaning", step="which", expects=("option",), expires_at=ASKING.expires_at)


def doubtful(
    *confidences: float, verdict: Literal["confirm", "reject"] = "confirm"
) -> Understanding:
    found = tuple(
        Intent(name=name, confidence=confidence)
        for name, confidence in zip(
            ("wifi", "parking", "make_reservation"), confidences, strict=False
        )
    )
    return Understanding(language="es", intents=found, verdict=verdict)


def test_what_is_not_clear_is_asked_with_its_likeliest_readings() -> None:
    (only,) = route(doubtful(0.2, 0.4, 0.1), None, [], UNSURE)
    assert (only.handler, [one.name for one in only.intents]) == ("meaning", ["parking", "wifi"])


def test_what_is_rejected_or_asked_amid_a_question_is_not_guessed_at() -> None:
    assert asked(route(doubtful(0.4, verdict="reject"), None, [], UNSURE)) == [("talk", False)]
    assert asked(route(doubtful(0.4), None, [ASKING], UNSURE)) == [("talk", False)]


def test_the_reading_that_is_chosen_goes_to_its_owner() -> None:
    calls = route(heard(), "meant:wifi", [MEANING], UNSURE)
    assert asked(calls) == [("meaning", True), ("house", False)]
    assert [one.name for one in calls[1].intents] == ["wifi"]


def test_a_reading_that_nobody_owns_goes_nowhere() -> None:
    assert asked(route(heard(), "meant:none", [MEANING], UNSURE)) == [("meaning", True)]


def test_another_subject_ends_the_question_what_was_meant() -> None:
    calls = route(heard("parking"), None, [MEANING], UNSURE)
    assert asked(calls) == [("meaning", True), ("house", False)]
