"""Mails out through a real server: once, whatever it answers, in their thread, within limits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from agente_hotelero.errors import (
    AuthFailed,
    OutcomeUnknown,
    RecipientRefused,
    Rejected,
    Throttled,
    Unavailable,
)
from agente_hotelero.messages import InboundMessage, Part
from agente_hotelero.stays import Image
from agente_hotelero_channel_gmail import records
from agente_hotelero_channel_gmail.smtp import DailyLimit, error_of
from agente_hotelero_channel_gmail.testing import (
    BlackHole,
    Dovecot,
    MailGuest,
    PostOffice,
    Trouble,
)

from plugins.channel_gmail.tests.mailroom import HOTEL, YES_OR_NO, OpenMailroom, outgoing, until

pytestmark = pytest.mark.anyio


async def test_an_answer_stands_in_the_thread_of_the_question(
    mailroom: OpenMailroom, guest: MailGuest
) -> None:
    room = await mailroom()
    async with room.receiving():
        await room.ready()
        first = guest.say("¿Hay lugar?", quote=False)
        (asked,) = (one.event for one in await room.came(1))
    assert isinstance(asked, InboundMessage)
    message_id = await room.channel.send(outgoing(1, "Sí.", thread=asked.thread, in_reply_to=first))
    (answer,) = guest.replies()
    assert answer.message_id == message_id
    assert answer.subject == "Re: Consulta"
    assert answer.headers["in-reply-to"] == first
    assert answer.references == (first,)
    assert answer.headers["auto-submitted"] == "auto-replied"
    assert answer.headers["x-auto-response-suppress"] == "All"
    assert answer.headers["from"] == f"Hotel Sol <{HOTEL}>"
    assert answer.text == "Sí."
    second = guest.say("Gracias")
    async with room.receiving():
        await until(lambda: len(room.inbox.bodies) >= 2)
    thread = {one.event.thread for one in room.events() if isinstance(one.event, InboundMessage)}
    assert thread == {asked.thread}
    await room.channel.send(outgoing(2, "De nada.", thread=asked.thread, in_reply_to=second))
    last = guest.replies()[-1]
    assert last.subject == "Re: Consulta"
    assert last.references == (first, message_id, second)


async def test_what_a_person_writes_is_not_marked_as_a_machines(
    mailroom: OpenMailroom, guest: MailGuest
) -> None:
    room = await mailroom()
    await room.channel.send(outgoing(1, by="Marta"))
    (mail,) = guest.replies()
    assert "auto-submitted" not in mail.headers
    assert "x-auto-response-suppress" not in mail.headers


async def test_what_nobody_asked_for_can_be_left(mailroom: OpenMailroom, guest: MailGuest) -> None:
    room = await mailroom(public_url="https://agent.example", link_secret="s" * 16)
    await room.channel.send(outgoing(1, purpose="review"))
    (mail,) = guest.replies()
    assert mail.headers["auto-submitted"] == "auto-generated"
    assert f"<mailto:{HOTEL}?subject=STOP>" in mail.headers["list-unsubscribe"]
    assert (
        "<https://agent.example/plugins/channel_gmail/answer/sol/0/1.99."
        in (mail.headers["list-unsubscribe"])
    )
    assert mail.headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    await room.channel.send(outgoing(2))
    assert "list-unsubscribe" not in guest.replies()[-1].headers


async def test_offers_stand_beside_their_pictures_in_both_forms(
    mailroom: OpenMailroom, guest: MailGuest
) -> None:
    parts = (
        Part(text="Del 24 al 27:"),
        Part(text="Doble\nTotal: BRL 750,00", image=Image(url="https://img.example/a.jpg")),
        Part(text="Suite\nTotal: BRL 950,00", image=Image(url="https://img.example/b.jpg")),
    )
    room = await mailroom()
    await room.channel.send(outgoing(1, "…", parts=parts, options=YES_OR_NO))
    (mail,) = guest.replies()
    assert mail.images == ("https://img.example/a.jpg", "https://img.example/b.jpg")
    assert mail.text.split("\n") == [
        "Del 24 al 27:",
        "",
        "Doble",
        "Total: BRL 750,00",
        "",
        "Suite",
        "Total: BRL 950,00",
        "",
        "1. Sí",
        "2. No",
    ]
    assert mail.links == ()


async def test_words_cannot_become_markup_or_headers(
    mailroom: OpenMailroom, guest: MailGuest
) -> None:
    room = await mailroom()
    await room.channel.send(outgoing(1, "<script>alert(1)</script>\r\nBcc: x@y.example"))
    (mail,) = guest.replies()
    assert "<script>" not in mail.html
    assert "bcc" not in mail.headers
    with pytest.raises(Rejected):
        await room.channel.send(outgoing(2, address="ana@guest.example\r\nBcc: x@y.example"))


async def test_a_time_out_after_the_mail_is_unknown_and_it_is_not_sent_again(
    mailroom: OpenMailroom, guest: MailGuest, office: PostOffice
) -> None:
    room = await mailroom(timeout_seconds=1)
    office.trouble.append(Trouble(stage="data", takes=True))
    with pytest.raises(OutcomeUnknown):
        await room.channel.send(outgoing(1))
    message_id = await room.channel.send(outgoing(1))
    (mail,) = guest.replies()
    assert mail.message_id == message_id
    assert len(office.taken) == 1


async def test_a_mail_that_was_lost_is_sent_again_under_its_id(
    mailroom: OpenMailroom, guest: MailGuest, office: PostOffice
) -> None:
    room = await mailroom(timeout_seconds=1)
    office.trouble.append(Trouble(stage="data", takes=False))
    with pytest.raises(OutcomeUnknown):
        await room.channel.send(outgoing(1))
    known = await records.mail_out(room.services, HOTEL, 1)
    assert known is not None
    assert await room.channel.send(outgoing(1)) == known.message_id
    assert len(guest.replies()) == 1


async def test_nothing_is_sent_again_while_nobody_can_look(
    mailroom: OpenMailroom, guest: MailGuest, office: PostOffice, dovecot: Dovecot
) -> None:
    room = await mailroom(timeout_seconds=1)
    office.trouble.append(Trouble(stage="data", takes=True))
    with pytest.raises(OutcomeUnknown):
        await room.channel.send(outgoing(1))
    dovecot.stop()
    with pytest.raises(Unavailable):
        await room.channel.send(outgoing(1))
    dovecot.start()
    await room.channel.send(outgoing(1))
    assert len(office.taken) == 1


async def test_what_was_sent_before_a_crash_is_known(
    mailroom: OpenMailroom, guest: MailGuest, office: PostOffice
) -> None:
    first = await mailroom()
    message_id = await first.channel.send(outgoing(1))
    await records.settle(first.services, HOTEL, 1, records.SENDING)
    again = await mailroom(after=first)
    assert await again.channel.send(outgoing(1)) == message_id
    assert len(office.taken) == 1


@pytest.mark.parametrize("stage", ["connect", "login", "mail", "rcpt", "data"])
async def test_a_server_that_is_busy_is_asked_again_later(
    mailroom: OpenMailroom, guest: MailGuest, office: PostOffice, stage: str
) -> None:
    room = await mailroom()
    office.trouble.append(Trouble(stage=stage, answer="421 4.7.0 Try again later"))
    with pytest.raises((Throttled, Unavailable)):
        await room.channel.send(outgoing(1))
    await room.channel.send(outgoing(1))
    assert len(guest.replies()) == 1


@pytest.mark.parametrize("stage", ["connect", "mail", "rcpt"])
async def test_silence_before_the_mail_is_no_unknown_outcome(
    mailroom: OpenMailroom, office: PostOffice, stage: str
) -> None:
    room = await mailroom(timeout_seconds=1)
    office.trouble.append(Trouble(stage=stage))
    with pytest.raises(Unavailable):
        await room.channel.send(outgoing(1))
    assert office.taken == []


async def test_a_line_that_goes_dead_and_one_that_nobody_answers(
    mailroom: OpenMailroom, office: PostOffice
) -> None:
    with BlackHole(office.port) as wire:
        wire.silent = True
        room = await mailroom(timeout_seconds=1, smtp_port=wire.port)
        with pytest.raises(Unavailable):
            await room.channel.send(outgoing(1))
    room = await mailroom(after=room, smtp_port=1)
    with pytest.raises(Unavailable):
        await room.channel.send(outgoing(1))


async def test_an_address_that_is_refused_is_not_written_to_again_until_it_writes(
    mailroom: OpenMailroom, guest: MailGuest, office: PostOffice
) -> None:
    room = await mailroom()
    office.trouble.append(Trouble(stage="rcpt", answer="550 5.1.1 No such user"))
    for number in (1, 2):
        with pytest.raises(RecipientRefused):
            await room.channel.send(outgoing(number))
    assert office.logins == 1
    async with room.receiving():
        await room.ready()
        guest.say("Aquí estoy", quote=False)
        await room.came(1)
    await room.channel.send(outgoing(3))
    assert len(guest.replies()) == 1


async def test_a_mail_that_is_refused_is_given_up(
    mailroom: OpenMailroom, office: PostOffice
) -> None:
    room = await mailroom()
    office.trouble.append(Trouble(stage="data", answer="550 5.7.1 Message rejected as spam"))
    with pytest.raises(Rejected, match="550"):
        await room.channel.send(outgoing(1))


async def test_a_refused_password_stops_it_without_another_try(
    mailroom: OpenMailroom, office: PostOffice, dovecot: Dovecot
) -> None:
    room = await mailroom()
    right = dict(dovecot.users)
    dovecot.users[HOTEL] = "changed"
    for number in (1, 2, 3):
        with pytest.raises(AuthFailed):
            await room.channel.send(outgoing(number))
    before = office.logins
    assert not (await room.channel.health()).ok
    assert office.logins == before
    dovecot.users |= right
    room.clock.advance(minutes=61)
    assert (await room.channel.health()).ok
    await room.channel.send(outgoing(1))


async def test_enough_for_a_day_is_a_pause_until_the_first_is_a_day_old(
    mailroom: OpenMailroom, office: PostOffice
) -> None:
    room = await mailroom(daily_limit=2)
    for number in (1, 2):
        await room.channel.send(outgoing(number))
        room.clock.advance(hours=1)
    with pytest.raises(AuthFailed, match="daily"):
        await room.channel.send(outgoing(3))
    assert not (await room.channel.health()).ok
    room.clock.advance(hours=22, minutes=1)
    assert (await room.channel.health()).ok
    await room.channel.send(outgoing(3))
    assert len(office.taken) == 3


async def test_the_providers_word_that_it_is_enough_holds_until_the_next_day(
    mailroom: OpenMailroom, office: PostOffice
) -> None:
    room = await mailroom()
    office.trouble.append(
        Trouble(stage="data", answer="550 5.4.5 Daily user sending limit exceeded")
    )
    for number in (1, 2):
        with pytest.raises(AuthFailed, match="daily"):
            await room.channel.send(outgoing(number))
    assert office.logins == 1
    local = room.clock.now().astimezone(room.services.time_zone)
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=1, second=0)
    room.clock.set(midnight)
    assert (await room.channel.health()).ok
    await room.channel.send(outgoing(1))


@pytest.mark.parametrize(
    ("code", "words", "kind"),
    [
        (535, "5.7.8 Username and Password not accepted", AuthFailed),
        (534, "5.7.9 Application-specific password required", AuthFailed),
        (454, "4.7.0 Temporary authentication failure", Throttled),
        (421, "4.7.0 Try again later, closing connection", Throttled),
        (452, "4.2.2 The email account is over quota", Throttled),
        (550, "5.4.5 Daily user sending limit exceeded", DailyLimit),
        (550, "5.1.1 The email account does not exist", RecipientRefused),
        (552, "5.3.4 Message size exceeds fixed limit", Rejected),
        (550, "5.7.1 Message blocked", Rejected),
    ],
)
def test_what_a_servers_answer_means(code: int, words: str, kind: type[Exception]) -> None:
    assert type(error_of(code, words)) is kind


async def test_the_doctor_says_which_server_refuses_and_what_to_do(
    mailroom: OpenMailroom, dovecot: Dovecot
) -> None:
    room = await mailroom()
    assert [one.ok for one in await room.channel.diagnose()] == [True, True]
    dovecot.users[HOTEL] = "changed"
    imap, smtp = await room.channel.diagnose()
    assert (imap.ok, smtp.ok) == (True, False)
    assert "app password" in smtp.advice
    dovecot.stop()
    imap, _ = await room.channel.diagnose()
    assert "IMAP does not answer" in imap.what
    dovecot.start()
