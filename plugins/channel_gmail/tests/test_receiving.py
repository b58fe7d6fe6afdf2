"""Mails out of a real mailbox: each once, none that was there before us, whatever breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from email.message import EmailMessage

import pytest
from agente_hotelero.errors import AuthFailed, NotFound, Rejected, Throttled, Unavailable
from agente_hotelero.messages import InboundEvent, InboundMessage
from agente_hotelero_channel_gmail import records
from agente_hotelero_channel_gmail.imap import _refusal
from agente_hotelero_channel_gmail.testing import BlackHole, Dovecot, MailGuest, PostOffice
from imapclient import IMAPClient

from plugins.channel_gmail.tests.fake_gmail import FakeGmail
from plugins.channel_gmail.tests.mailroom import HOTEL, PASSWORD, OpenMailroom, until

pytestmark = pytest.mark.anyio
JPEG = b"\xff\xd8\xff\xe0" + b"x" * 400_000


def messages(events: Sequence[InboundEvent]) -> list[InboundMessage]:
    return [one.event for one in events if isinstance(one.event, InboundMessage)]


def words(events: Sequence[InboundEvent]) -> list[str]:
    return [one.content.text for one in messages(events)]


def plain(text: str, subject: str = "Consulta", **headers: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Ana <ana@guest.example>"
    mail["To"] = HOTEL
    mail["Subject"] = subject
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


async def test_what_was_there_before_us_is_not_answered(
    mailroom: OpenMailroom, guest: MailGuest
) -> None:
    for number in range(3):
        guest.say(f"viejo {number}", quote=False)
    room = await mailroom()
    async with room.receiving():
        await room.ready()
        guest.say("nuevo", quote=False)
        assert words(await room.came(1)) == ["nuevo"]


async def test_mails_come_in_the_order_of_their_arrival(
    mailroom: OpenMailroom, guest: MailGuest
) -> None:
    room = await mailroom()
    async with room.receiving():
        await room.ready()
        for number in range(5):
            guest.say(f"mail {number}", quote=False)
        assert words(await room.came(5)) == [f"mail {number}" for number in range(5)]


async def test_after_a_restart_only_what_was_missed_comes(
    mailroom: OpenMailroom, guest: MailGuest
) -> None:
    first = await mailroom()
    async with first.receiving():
        await first.ready()
        guest.say("uno", quote=False)
        await first.came(1)
    guest.say("dos", quote=False)
    second = await mailroom(after=first)
    async with second.receiving():
        guest.say("tres", quote=False)
        await until(lambda: "tres" in words(second.events()))
    # The last mail before the end may come again, under its key.
    once = {one.key: one for one in second.events()}
    assert words(list(once.values())) == ["uno", "dos", "tres"]


async def test_what_was_stored_but_not_counted_comes_again_under_the_same_key(
    mailroom: OpenMailroom, guest: MailGuest
) -> None:
    first = await mailroom()
    async with first.receiving():
        await first.ready()
        guest.say("uno", quote=False)
        await first.came(1)
    point = await records.checkpoint(first.services, HOTEL, "INBOX")
    assert point is not None
    await records.set_checkpoint(
        first.services, HOTEL, "INBOX", point.uidvalidity, point.last_uid - 1, point.seen_at
    )
    second = await mailroom(after=first)
    async with second.receiving():
        events = await second.came(2)
    assert len({one.key for one in events}) == 1
    assert len({one.event.thread for one in events if isinstance(one.event, InboundMessage)}) == 1


async def test_nothing_is_marked_as_read(
    mailroom: OpenMailroom, guest: MailGuest, dovecot: Dovecot
) -> None:
    room = await mailroom()
    async with room.receiving():
        await room.ready()
        guest.say("hola", quote=False)
        await room.came(1)
    with IMAPClient("127.0.0.1", port=dovecot.port, ssl=False) as client:
        client.login(HOTEL, PASSWORD.replace(" ", ""))
        client.select_folder("INBOX", readonly=True)
        flags = [told[b"FLAGS"] for told in client.fetch(client.search(), ["FLAGS"]).values()]
    assert flags
    assert all(b"\\Seen" not in one for one in flags)


async def test_a_mailbox_that_is_numbered_anew_is_read_on_and_not_again_from_the_start(
    mailroom: OpenMailroom, guest: MailGuest, dovecot: Dovecot
) -> None:
    long_ago = guest.office.now() - timedelta(days=2)
    dovecot.deliver(HOTEL, plain("antes de nosotros"), at=long_ago)
    first = await mailroom()
    async with first.receiving():
        await first.ready()
        guest.say("uno", quote=False)
        known = {one.key for one in await first.came(1)}
    dovecot.stop()
    dovecot.renumber(HOTEL)
    dovecot.start()
    guest.say("dos", quote=False)
    second = await mailroom(after=first)
    async with second.receiving():
        await until(lambda: "dos" in words(second.events()))
        guest.say("tres", quote=False)
        await until(lambda: "tres" in words(second.events()))
    fresh = [one for one in second.events() if one.key not in known]
    assert words(fresh) == ["dos", "tres"]


async def test_a_mail_that_cannot_be_read_is_kept_and_the_next_one_comes(
    mailroom: OpenMailroom, guest: MailGuest, dovecot: Dovecot
) -> None:
    poison = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n" + (
        b"--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n" * 200
    )
    room = await mailroom()
    async with room.receiving():
        await room.ready()
        dovecot.deliver(HOTEL, poison)
        guest.say("después", quote=False)
        await until(lambda: len(room.inbox.bodies) == 2)
    (_, kept), (_, after) = room.inbox.bodies
    with pytest.raises(ValueError, match="too many boundaries"):
        room.parse(kept)
    assert words(room.parse(after)) == ["después"]


async def test_a_mail_without_an_id_gets_the_same_one_each_time(
    mailroom: OpenMailroom, dovecot: Dovecot
) -> None:
    room = await mailroom()
    async with room.receiving():
        await room.ready()
        for _ in range(2):
            dovecot.deliver(HOTEL, plain("sin id"))
        events = await room.came(2)
    assert len({one.key for one in events}) == 1


async def test_a_large_mail_is_read_as_far_as_its_text_and_its_file_is_fetched_apart(
    mailroom: OpenMailroom, guest: MailGuest
) -> None:
    mail = plain("Adjunto la foto.", Message_ID="<large@guest.example>")
    mail.add_attachment(JPEG, maintype="image", subtype="jpeg", filename="C:\\fotos\\pasaporte.jpg")
    mail.add_attachment(b"MZ\x90\x00program", maintype="application", subtype="x-msdownload")
    room = await mailroom()
    async with room.receiving():
        await room.ready()
        guest.post(mail)
        text, file = messages(await room.came(1))
        assert len(room.inbox.bodies[0][1]) < 400_000
        media = file.content.media
        assert media is not None
        assert (media.filename, media.kind, media.mime_type) == (
            "pasaporte.jpg",
            "image",
            "image/jpeg",
        )
        assert await room.channel.fetch_media(media, 1_000_000) == JPEG
        with pytest.raises(Rejected, match="too large"):
            await room.channel.fetch_media(media, 100_000)
    assert text.content.text == "Adjunto la foto."
    assert "pasaporte.jpg" in text.content.whole
    assert "application/x-msdownload" in text.content.whole
    assert (text.address, text.thread) == (file.address, file.thread)


async def test_a_file_is_found_where_staff_have_filed_the_mail(
    mailroom: OpenMailroom, guest: MailGuest, dovecot: Dovecot
) -> None:
    mail = plain("La foto.", Message_ID="<filed@guest.example>")
    mail.add_attachment(JPEG, maintype="image", subtype="jpeg", filename="a.jpg")
    room = await mailroom()
    async with room.receiving():
        await room.ready()
        guest.post(mail)
        _, file = messages(await room.came(1))
    media = file.content.media
    assert media is not None
    with IMAPClient("127.0.0.1", port=dovecot.port, ssl=False) as client:
        client.login(HOTEL, PASSWORD.replace(" ", ""))
        client.select_folder("INBOX")
        client.move(client.search(), "Todos")
    assert await room.channel.fetch_media(media, 1_000_000) == JPEG
    with IMAPClient("127.0.0.1", port=dovecot.port, ssl=False) as client:
        client.login(HOTEL, PASSWORD.replace(" ", ""))
        client.select_folder("Todos")
        client.delete_messages(client.search())
        client.expunge()
    with pytest.raises(NotFound):
        await room.channel.fetch_media(media, 1_000_000)


async def test_a_file_that_is_no_picture_is_refused(
    mailroom: OpenMailroom, guest: MailGuest
) -> None:
    mail = plain("La foto.", Message_ID="<liar@guest.example>")
    mail.add_attachment(b"<html><script>", maintype="image", subtype="jpeg", filename="a.jpg")
    room = await mailroom()
    async with room.receiving():
        await room.ready()
        guest.post(mail)
        _, file = messages(await room.came(1))
    assert file.content.media is not None
    with pytest.raises(Rejected, match=r"no image/jpeg"):
        await room.channel.fetch_media(file.content.media, 1_000_000)


async def test_a_server_that_goes_away_ends_it_as_unavailable(
    mailroom: OpenMailroom, dovecot: Dovecot
) -> None:
    room = await mailroom()
    async with room.receiving() as task:
        await room.ready()
        dovecot.stop()
        with pytest.raises(Unavailable):
            await asyncio.wait_for(task, 20)
    dovecot.start()


async def test_a_dead_line_is_noticed(
    mailroom: OpenMailroom, guest: MailGuest, dovecot: Dovecot
) -> None:
    with BlackHole(dovecot.port) as wire:
        room = await mailroom(imap_port=wire.port, timeout_seconds=1, poll_seconds=1)
        async with room.receiving() as task:
            await room.ready()
            wire.silent = True
            guest.say("nobody hears this yet", quote=False)
            with pytest.raises(Unavailable):
                await asyncio.wait_for(task, 20)
        wire.silent = False
        again = await mailroom(after=room, imap_port=wire.port, timeout_seconds=1)
        async with again.receiving():
            assert words(await again.came(1)) == ["nobody hears this yet"]


async def test_mails_are_found_by_looking_where_the_server_cannot_push(
    guest: MailGuest, mailroom: OpenMailroom, office: PostOffice
) -> None:
    with Dovecot({HOTEL: PASSWORD.replace(" ", "")}, capability="IMAP4rev1 ID") as plain_server:
        room = await mailroom(imap_port=plain_server.port, poll_seconds=0.1)
        async with room.receiving():
            await room.ready()
            plain_server.deliver(HOTEL, plain("hola"))
            assert words(await room.came(1)) == ["hola"]


async def test_a_refused_password_is_not_tried_again_for_an_hour(
    mailroom: OpenMailroom, dovecot: Dovecot
) -> None:
    with BlackHole(dovecot.port) as wire:
        dovecot.set_passwords({HOTEL: "changed"})
        room = await mailroom(imap_port=wire.port)
        for _ in range(3):
            with pytest.raises(AuthFailed):
                await room.channel.receive()
            assert not (await room.channel.health()).ok
        assert wire.connections == 1
        room.clock.advance(minutes=61)
        assert not (await room.channel.health()).ok
        assert wire.connections == 2
        dovecot.set_passwords({HOTEL: PASSWORD.replace(" ", "")})
        room.clock.advance(minutes=61)
        assert (await room.channel.health()).ok
        async with room.receiving():
            await room.ready()


async def test_another_password_is_tried_at_once(mailroom: OpenMailroom, dovecot: Dovecot) -> None:
    dovecot.set_passwords({HOTEL: "changed"})
    room = await mailroom()
    with pytest.raises(AuthFailed):
        await room.channel.receive()
    accounts = [{"username": HOTEL, "app_password": "changed"}]
    again = await mailroom(after=room, accounts=accounts)
    assert (await again.channel.health()).ok
    async with again.receiving():
        await again.ready()


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("b'[AUTHENTICATIONFAILED] Invalid credentials (Failure)'", AuthFailed),
        ("b'[ALERT] Application-specific password required (Failure)'", AuthFailed),
        ("b'[ALERT] Too many simultaneous connections. (Failure)'", Throttled),
        ("b'[UNAVAILABLE] Temporary authentication failure.'", Throttled),
        ("b'[LIMIT] Account exceeded command or bandwidth limits.'", Throttled),
        ("b'nonsense'", Unavailable),
    ],
)
def test_what_a_refused_log_in_means(words: str, kind: type[Exception]) -> None:
    assert type(_refusal(words)) is kind


async def test_gmails_own_threads_are_used_where_the_server_has_them(
    mailroom: OpenMailroom,
) -> None:
    first = bytes(plain("uno", "Uno", Message_ID="<1@guest.example>"))
    second = bytes(plain("dos", "Otra cosa", Message_ID="<2@guest.example>"))
    third = bytes(plain("tres", "Aparte", Message_ID="<3@guest.example>"))
    mails = [(1, "555", first), (2, "555", second), (3, "777", third)]
    with FakeGmail(mails) as gmail:
        room = await mailroom(imap_port=gmail.port, poll_seconds=0.2)
        async with room.receiving():
            one, two, other = messages(await room.came(3))
    assert one.thread == two.thread != other.thread
    assert any("X-GM-THRID" in line for line in gmail.said)


async def test_the_agent_goes_where_it_is_stopped(mailroom: OpenMailroom) -> None:
    room = await mailroom()
    async with room.receiving() as task:
        await room.ready()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
