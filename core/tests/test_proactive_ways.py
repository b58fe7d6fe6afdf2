"""By which one way a guest gets a message."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from agente_hotelero._db.guest_models import Consent
from agente_hotelero._db.guests import NEVER
from agente_hotelero._db.models import Conversation, Mode
from agente_hotelero._runtime.proactive import ways
from agente_hotelero._runtime.proactive.ways import Known, Way, choose
from agente_hotelero.components import PluginConfig
from agente_hotelero.matching import digits, reach, spellings
from agente_hotelero.proactive import Approved, Journey, Trigger
from agente_hotelero.stays import Guest
from agente_hotelero.testing import lend

from core.tests.fakes import FakeChannel

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
ANA = Guest(name="Ana Paz", email="ana@example.com", phone="+54 11 5555-0001")
REVIEW = Journey(
    name="review",
    trigger=Trigger.DEPARTURE,
    offset=timedelta(hours=24),
    template="core/x",
    purpose="review",
    leads_away=True,
)
APPROVED = Approved(name="review_1", languages=("es",))
TEMPLATE = {"phone": APPROVED}


class Phone(FakeChannel):
    """Like WhatsApp: a window, and a telephone by which a guest can be reached."""

    window = timedelta(hours=24)
    unasked = True

    def reach(self, guest: Guest) -> str | None:
        return digits(guest.phone or "") or None


class Mail(FakeChannel):
    """Like e-mail: no window."""

    unasked = True

    def reach(self, guest: Guest) -> str | None:
        return guest.email


class Page(FakeChannel):
    """Like a chat in the browser: nobody sees what comes later."""


CHANNELS: dict[tuple[str, str], Any] = {
    ("phone", "1"): Phone(PluginConfig(), lend(), "1"),
    ("mail", "a"): Mail(PluginConfig(), lend(), "a"),
    ("page", "sol"): Page(PluginConfig(), lend(), "sol"),
}


def talk(channel: str, account: str, address: str, hours_ago: float | None) -> Conversation:
    """In which the guest wrote so long ago; never, if None."""
    at = NEVER if hours_ago is None else NOW - timedelta(hours=hours_ago)
    return Conversation(
        id=1,
        tenant="sol",
        channel=channel,
        account=account,
        address=address,
        thread="",
        mode=Mode.AGENT,
        state={},
        attention="",
        created_at=at,
        last_guest_at=at,
    )


def said(purpose: str, granted: bool, channel: str = "phone") -> Consent:
    return Consent(
        tenant="sol",
        channel=channel,
        address="x",
        purpose=purpose,
        granted=granted,
        source="guest's word",
        at=NOW - timedelta(days=3),
    )


NOBODY = Known(guest=ANA, said=(), conversations=(), channels=CHANNELS, now=NOW)
ON_PHONE = talk("phone", "1", "5491155550001", 3)
ON_PHONE_LONG_AGO = talk("phone", "1", "5491155550001", 30)
ON_MAIL = talk("mail", "a", "ana@example.com", 1)


def told(known: Known, journey: Journey = REVIEW, approved: Any = TEMPLATE) -> str:
    """Channel, form and ground in a line, or why there is no way."""
    found = choose(journey, approved, known)
    if isinstance(found, str):
        return found
    form = found.approved.name if found.approved else "free"
    return f"{found.channel} {form} ({found.basis.split(',')[0]})"


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        pytest.param(
            replace(NOBODY, conversations=(ON_PHONE,)), "phone free (wrote to us)", id="window open"
        ),
        pytest.param(
            replace(NOBODY, conversations=(ON_PHONE_LONG_AGO,)),
            "phone review_1 (wrote to us)",
            id="window closed",
        ),
        pytest.param(
            replace(NOBODY, conversations=(ON_MAIL, ON_PHONE)),
            "mail free (wrote to us)",
            id="the last one used",
        ),
        pytest.param(NOBODY, "mail free (reservation)", id="never wrote"),
        pytest.param(
            replace(NOBODY, guest=Guest(name="Ana", phone="+54 11 5555-0001")),
            "no consent",
            id="a telephone alone allows nothing",
        ),
        pytest.param(
            replace(NOBODY, guest=Guest(name="Ana", phone="+54 11"), said=(said("review", True),)),
            "phone review_1 (allowed review: guest's word)",
            id="a telephone and a word",
        ),
        pytest.param(
            replace(NOBODY, guest=Guest(name="Ana")), "no channel", id="nothing to reach by"
        ),
        pytest.param(
            replace(NOBODY, conversations=(talk("page", "sol", "c1", 1),)),
            "mail free (reservation)",
            id="a page carries nothing unasked",
        ),
        pytest.param(
            replace(NOBODY, conversations=(ON_PHONE,), tried=("phone",)),
            "mail free (reservation)",
            id="after it failed",
        ),
        pytest.param(
            replace(NOBODY, conversations=(ON_PHONE,), tried=("phone", "mail")),
            "it failed",
            id="after both failed",
        ),
        pytest.param(
            replace(
                NOBODY,
                conversations=(ON_PHONE_LONG_AGO,),
                refused={("phone", "1", "review_1")},
            ),
            "mail free (reservation)",
            id="template paused",
        ),
        pytest.param(
            replace(NOBODY, conversations=(ON_PHONE,), resting={("phone", "1"): "stopped"}),
            "mail free (reservation)",
            id="account stopped",
        ),
        pytest.param(
            replace(NOBODY, conversations=(ON_PHONE,), resting={("phone", "1"): ways.ENOUGH}),
            ways.ENOUGH,
            id="enough for today is waited for",
        ),
        pytest.param(
            replace(NOBODY, explicit=True, conversations=(ON_PHONE,)),
            "no consent",
            id="a hotel that wants a word",
        ),
        pytest.param(
            replace(
                NOBODY, explicit=True, conversations=(ON_PHONE,), said=(said("proactive", True),)
            ),
            "phone free (allowed proactive: guest's word)",
            id="a hotel that has a word",
        ),
    ],
)
def test_the_way_is_the_last_one_used_of_those_allowed(known: Known, expected: str) -> None:
    assert told(known) == expected


def test_without_an_approved_template_a_closed_window_means_the_other_channel() -> None:
    known = replace(NOBODY, conversations=(ON_PHONE_LONG_AGO,))
    assert told(known, approved={}) == "mail free (reservation)"
    alone = replace(known, guest=Guest(name="Ana", phone=ANA.phone))
    assert told(alone, approved={}) == "the window is closed"


def test_a_window_that_is_about_to_close_is_closed() -> None:
    edge = talk("phone", "1", "5491155550001", 23.95)
    assert told(replace(NOBODY, conversations=(edge,))).startswith("phone review_1")


def test_a_journey_may_name_its_channels() -> None:
    only = replace(REVIEW, channels=("mail",))
    assert told(replace(NOBODY, conversations=(ON_PHONE,)), only) == "mail free (reservation)"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([said("review", True, "mail")], ""),
        ([said("review", True, "phone")], "phone review_1"),
        ([said("review", True, "staff")], "phone review_1"),
        ([said("review", True, "mail"), said("review", True, "phone")], "phone review_1"),
        ([said("review", False, "mail"), said("review", True, "phone")], ""),
    ],
)
def test_what_was_allowed_on_one_channel_is_not_allowed_on_another(
    words: list[Consent], expected: str
) -> None:
    """The latest word first; a refusal holds everywhere."""
    by_phone = Guest(name="Ana", phone="+54 11 5555-0001")
    found = told(replace(NOBODY, guest=by_phone, said=tuple(words)))
    assert found.startswith("phone") == bool(expected)
    assert expected in found


def test_marketing_needs_a_word() -> None:
    offer = replace(REVIEW, purpose="marketing")
    known = replace(NOBODY, conversations=(ON_PHONE,))
    assert told(known, offer) == "no consent"
    allowed = replace(known, said=(said("marketing", True),))
    assert told(allowed, offer).startswith("phone free (allowed marketing")


@pytest.mark.parametrize(
    ("history", "purpose", "refused"),
    [
        ((), "review", False),
        ((said("proactive", False),), "review", True),
        ((said("proactive", True), said("proactive", False)), "review", False),
        ((said("marketing", False),), "review", False),
        ((said("marketing", False),), "marketing", True),
        ((said("review", True), said("proactive", False)), "review", True),
    ],
)
def test_a_refusal_of_everything_is_lifted_by_allowing_everything(
    history: tuple[Consent, ...], purpose: str, refused: bool
) -> None:
    assert (ways.refusal(replace(NOBODY, said=history), purpose) is not None) is refused


@pytest.mark.parametrize(
    ("email", "alias"),
    [
        ("x1y2@guest.booking.com", True),
        ("X1Y2@Guest.Booking.com", True),
        ("a@m.expediapartnercentral.com", True),
        ("a@sub.reply.airbnb.com", True),
        ("ana@booking.com.example", False),
        ("ana@mybooking.com", False),
        ("ana@example.com", False),
    ],
)
def test_an_agencys_alias_is_known(email: str, alias: bool) -> None:
    assert ways.is_alias(email) is alias


def test_no_link_goes_to_an_agencys_alias_but_other_news_may() -> None:
    hidden = replace(NOBODY, guest=Guest(name="Ana", email="x1@guest.booking.com"))
    assert told(hidden) == "an agency's alias"
    assert told(hidden, replace(REVIEW, leads_away=False)) == "mail free (reservation)"
    own = replace(NOBODY, guest=Guest(name="A", email="a@ota.example"), aliases=("ota.example",))
    assert told(own) == "an agency's alias"
    both = replace(hidden, conversations=(ON_PHONE,))
    assert told(both) == "phone free (wrote to us)"


@pytest.mark.parametrize(
    ("entry", "skipped"),
    [
        ("ana@example.com", True),
        ("ANA@EXAMPLE.COM", True),
        ("@example.com", True),
        ("+54 9 11 5555 0001", True),
        ("@other.com", False),
        ("", False),
        ("+54 11 5555 0002", False),
    ],
)
def test_the_hotels_own_people_are_on_a_list(entry: str, skipped: bool) -> None:
    assert ways.is_skipped(ANA, (entry,)) is skipped


def test_who_never_wrote_is_no_conversation_but_is_used_again() -> None:
    silent = talk("mail", "a", "ana@example.com", None)
    found = choose(REVIEW, TEMPLATE, replace(NOBODY, conversations=(silent,)))
    assert isinstance(found, Way)
    assert (found.conversation, found.basis) == (silent, "reservation")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+54 9 11 5555-0001", "541155550001"),
        ("5491155550001", "+54 11 5555 0001"),
        ("5215512345678", "+52 55 1234 5678"),
        ("+55 11 91234-5678", "551112345678"),
        ("Ana@Example.com ", "ana@example.com"),
    ],
)
def test_the_same_address_is_the_same_in_every_spelling(one: str, other: str) -> None:
    assert reach(one) == reach(other)
    assert {digits(one), digits(other)} <= spellings(one) | {""}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+54 9 11 5555-0001", "+54 9 11 5555-0002"),
        ("+55 11 3123-4567", "+55 21 3123-4567"),
        ("a@x.com", "b@x.com"),
    ],
)
def test_different_addresses_stay_different(one: str, other: str) -> None:
    assert reach(one) != reach(other)
