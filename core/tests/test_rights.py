"""A guest is shown what is held of him, and forgotten, in the core and in plugins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import structlog
from agente_hotelero._db import (
    consent,
    desk,
    guests,
    heard,
    media,
    repository,
    stays,
    subscriptions,
)
from agente_hotelero._db.guests import At
from agente_hotelero._db.models import (
    Conversation,
    EventState,
    InboxRaw,
    Outbox,
    OutboxState,
    RawState,
    conversation_,
    outbox_,
    raw_,
)
from agente_hotelero._db.session import Database
from agente_hotelero._db.staff_models import DeliveryProgress
from agente_hotelero._runtime import retention
from agente_hotelero._runtime.guard import Guard
from agente_hotelero._runtime.ingest import RawWriter
from agente_hotelero._runtime.rights import Rights
from agente_hotelero.components import PersonalData, PluginConfig, Services
from agente_hotelero.errors import HoteleroError, Rejected, Unavailable
from agente_hotelero.stays import Guest
from agente_hotelero.testing import SettableClock, lend
from agente_hotelero.testing.lent import MemoryStore
from sqlalchemy import delete, select, update

from core.tests.inns import ANA, BEN, REVIEW, ZONE, Inn, inn_of
from core.tests.residue import residue

pytestmark = pytest.mark.anyio
WORDS = "quisiera una cuna celeste"
MARKS = ["Ana Paz", "ana@example.com", "56911110001", WORDS]


@dataclass
class Notebook:
    """A plugin that keeps guests in memory; `broken` it cannot forget."""

    kept: dict[tuple[str, str], str] = field(default_factory=dict)
    broken: bool = False

    async def export(self, services: Services, address: str) -> Mapping[str, object]:
        found = self.kept.get((services.tenant, address))
        return {"note": found} if found else {}

    async def erase(self, services: Services, address: str) -> int:
        if self.broken:
            raise Unavailable("away")
        return 1 if self.kept.pop((services.tenant, address), None) else 0


@dataclass(kw_only=True)
class Office:
    """A hotel whose guests may ask what is held of them."""

    inn: Inn
    rights: Rights
    notebook: Notebook
    store: MemoryStore

    async def export(self, *addresses: str) -> dict[str, Any]:
        return await self.rights.export("sol", addresses or ("ana@example.com",), "marta")

    async def erase(self, *addresses: str) -> dict[str, Any]:
        return await self.rights.erase("sol", addresses or ALL, "marta")

    async def residue(self, *marks: str) -> list[str]:
        return await residue(self.inn.database.engine, marks or MARKS)


ALL = ("ana@example.com", "+56 9 1111-0001")


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(datetime(2026, 9, 1, 9, tzinfo=ZONE))


@pytest.fixture
async def office(database: Database, clock: SettableClock, writer: RawWriter) -> Office:
    """Ana and Ben stayed, wrote, were asked, and staff wrote about them."""
    inn = inn_of(database, clock, REVIEW, writer=writer)
    for reference, guest in (("R1", ANA), ("R2", BEN)):
        inn.office.book(reference, guest, date(2026, 9, 1))
    await inn.until("2026-09-04T08:00", minutes=600)
    await inn.hear(f"{WORDS}, soy {ANA.name}")
    await inn.hear("hello, I am Ben", BEN)
    await inn.until("2026-09-04T11:30", minutes=30)
    await inn.hear("mi correo es ana@example.com", channel="mail")
    store, notebook = MemoryStore(), Notebook()
    await leave_more(inn, store, clock)
    notebook.kept = {("sol", "ana@example.com"): "Ana Paz", ("luna", "ana@example.com"): "x"}
    wall = Guard("notes", structlog.get_logger(), timeout=2, concurrency=2)
    inn.tenant.sections["notes"] = (PluginConfig(), lend(clock=clock))
    held = PersonalData(export=notebook.export, erase=notebook.erase)
    rights = Rights(
        database=database,
        tenants={"sol": inn.tenant},
        holders={"notes": (held, wall), "unused": (held, wall)},
        media=store,
        clock=clock,
        log=structlog.get_logger(),
    )
    return Office(inn=inn, rights=rights, notebook=notebook, store=store)


async def leave_more(inn: Inn, store: MemoryStore, clock: SettableClock) -> None:
    """What staff and channels leave about Ana."""
    talk = await inn.conversation("56911110001")
    number, now = int(talk.id or 0), clock.now()
    at = At(tenant="sol", channel="phone", account="a")
    await store.put("sol/photo.jpg", b"a face")
    async with inn.database.sessions() as session, session.begin():
        await desk.add_note(session, "sol", number, "marta", f"{ANA.name} wants a cot", now)
        await desk.add_task(session, "sol", number, "guest_complaint", now)
        await guests.add_alias(session, at, "CL.canaria", number)
        await media.want(session, "sol", 1, number, "sol/photo.jpg", now)
        sub = await subscriptions.add(session, "sol", "https://x.example", "s", ["reply.sent"])
        bodies: tuple[dict[str, object], ...] = (
            {"conversation": number, "text": WORDS},
            {"conversation": 0, "reference": "R1", "guest": ANA.name},
            {"conversation": 0, "reference": "R2", "guest": BEN.name},
        )
        for body in bodies:
            await subscriptions.queue(
                session, "sol", subscription_id=sub, event="x", body=body, created_at=now
            )
        for state, text, account in (
            (RawState.DEAD, f"{{broken 56911110001 {WORDS}", "a"),
            (RawState.DONE, "56911110001 at another hotel", "b"),
        ):
            session.add(
                InboxRaw(
                    channel="phone",
                    accounts=[account],
                    body=text.encode(),
                    received_at=now,
                    state=state,
                )
            )


async def test_a_guest_is_shown_everything(office: Office) -> None:
    found = await office.export(*ALL)
    assert set(found["addresses"]) >= {"ana@example.com", "56911110001", "CL.canaria"}
    channels = sorted(one["channel"] for one in found["conversations"])
    assert channels == ["mail", "phone"]
    phone = next(one for one in found["conversations"] if one["channel"] == "phone")
    assert phone["messages"][0]["text"] == f"{WORDS}, soy Ana Paz"
    assert [one["text"] for one in phone["notes_of_staff"]] == ["Ana Paz wants a cot"]
    assert [one["kind"] for one in phone["tasks_of_staff"]] == ["guest_complaint"]
    assert [one["name"] for one in phone["files"]] == ["sol/photo.jpg"]
    assert [one["reference"] for one in found["stays"]] == ["R1"]
    assert [one["journey"] for one in found["unasked"]] == ["test.review"]
    assert found["told_to_the_hotels_own_systems"] == 2
    assert found["plugins"] == {"notes": [{"note": "Ana Paz"}]}
    assert "Ben" not in str(found)


async def test_the_same_guest_is_found_by_any_address_of_the_channel(office: Office) -> None:
    by_phone, by_alias = await office.export("+56911110001"), await office.export("CL.canaria")
    assert by_phone["conversations"] == by_alias["conversations"] != []


async def test_other_addresses_on_reservations_are_named_and_left(office: Office) -> None:
    """They may be those of whoever booked for the guest: an agency, a mother."""
    found = await office.export("56911110001")
    assert found["other_addresses_on_reservations"] == ["ana@example.com"]
    done = await office.erase("56911110001")
    assert done["other_addresses_on_reservations"] == ["ana@example.com"]
    assert "conversation.address: ana@example.com" in await office.residue()


async def test_who_is_erased_is_found_nowhere(office: Office) -> None:
    assert await office.residue() != []
    done = await office.erase()
    assert await office.residue() == ["inbox_raw.body: 56911110001"]
    async with office.inn.database.sessions() as session:
        left = (await session.scalars(select(raw_.body))).all()
    assert [one for one in left if b"5691111" in one and b"0001" in one] == [
        b"56911110001 at another hotel"
    ]
    assert office.store.files == {}
    assert office.notebook.kept == {("luna", "ana@example.com"): "x"}
    assert {name: done["erased"][name] for name in ("conversations", "stays", "notes")} == {
        "conversations": 2,
        "stays": 1,
        "notes": 1,
    }


async def test_the_audit_log_says_that_it_was_done_and_not_to_whom(office: Office) -> None:
    await office.erase()
    async with office.inn.database.sessions() as session:
        log = await desk.audited(session, "sol")
    assert (log[0].who, log[0].action, log[0].target) == ("marta", "erase", "guest")
    unasked = [one for one in log if one.action == "unasked"]
    assert len(unasked) == 2
    assert [sorted({"reference", "provider_id"} & set(one.after)) for one in unasked] == [
        ["provider_id", "reference"],
        [],
    ]


async def test_the_audit_log_names_no_stay_though_its_messages_were_forgotten_before(
    office: Office,
) -> None:
    async with office.inn.database.sessions() as session, session.begin():
        await session.execute(delete(Outbox))
    await office.erase()
    async with office.inn.database.sessions() as session:
        log = await desk.audited(session, "sol")
    named = [one.after.get("reference") for one in log if one.action == "unasked"]
    assert len(named) == 2
    assert named.count(None) == 1


async def test_other_guests_keep_everything(office: Office) -> None:
    before = await office.residue("Ben", "ben@example.com", "56911110002")
    await office.erase()
    assert await office.residue("Ben", "ben@example.com", "56911110002") == before


async def test_erasing_twice_and_erasing_nobody_are_harmless(office: Office) -> None:
    await office.erase()
    for addresses in (ALL, ("nobody@example.com",)):
        done = await office.erase(*addresses)
        assert set(done["erased"].values()) == {0}


async def test_a_guest_who_was_erased_is_a_new_one_when_he_writes(office: Office) -> None:
    await office.erase()
    await office.inn.hear("hola otra vez")
    found = await office.export("56911110001")
    assert [len(one["messages"]) for one in found["conversations"]] == [1]


async def test_stays_that_the_pms_still_has_do_not_bring_the_guest_back(office: Office) -> None:
    """Neither what is looked up, nor what is read again, nor what the PMS says has changed."""
    inn = office.inn
    inn.office.book("R9", ANA, date(2026, 9, 5))
    inn.office.tells = True
    inn.runner.looked_at = None
    await inn.tick()
    before = inn.heard()
    await office.erase()
    left = await office.residue()
    for reference in ("R1", "R9"):
        inn.office.change(reference, room_type_name="Suite")
    hours = await inn.runner.mirror.hours()
    async with inn.database.sessions() as session, session.begin():
        for one in inn.office.held.values():
            await inn.runner.mirror.note(session, one, hours, fresh=True)
    inn.runner.looked_at = None
    await inn.until("2026-09-12T12:00")
    new = inn.heard()[len(before) :]
    assert [
        address for _, address, _ in new if "0002" not in address and "ben" not in address
    ] == []
    assert await office.residue() == left


async def test_a_stay_of_another_that_was_booked_by_who_is_erased_goes_to_no_stranger(
    office: Office,
) -> None:
    """SQLite may give the number of a conversation that is gone to the next one."""
    inn = office.inn
    carla = Guest(name="Carla Ruiz", email="carla@example.com", phone="+56922220000")
    inn.office.book("R9", carla, date(2026, 9, 3))
    mail = await inn.conversation("ana@example.com")
    async with inn.database.sessions() as session, session.begin():
        await inn.runner.mirror.note_here(
            session, inn.office.held["R9"], int(mail.id or 0), made=True
        )
    await office.erase()
    async with inn.database.sessions() as session:
        stay = await stays.get(session, "sol", "R9")
    assert stay is not None
    assert stay.conversation_id is None
    eva = Guest(name="Eva Roa", email="eva@example.com", phone="+56911110009")
    await inn.hear("hola, soy Eva", eva)
    await inn.until("2026-09-08T12:00")
    carlas = [address for _, address, _ in inn.heard() if address != "56911110002"]
    assert "56911110009" not in carlas
    assert carlas[-1] == "carla@example.com"


async def test_that_a_guest_wants_no_messages_outlives_him(office: Office) -> None:
    await office.inn.hear("STOP")
    await office.erase()
    assert await office.residue() == ["inbox_raw.body: 56911110001"]
    async with office.inn.database.sessions() as session:
        for address in ALL[1:]:
            assert await consent.refusal(session, "sol", [address], "review")
        assert await consent.refusal(session, "sol", ["56911110002"], "review") is None
        assert await consent.refusal(session, "luna", ["56911110001"], "review") is None


async def test_what_a_guest_allowed_does_not_outlive_him(office: Office) -> None:
    await office.inn.hear("STOP")
    await office.inn.hear("START")
    await office.erase()
    async with office.inn.database.sessions() as session:
        assert await consent.history(session, "sol", ALL) == []


async def test_a_plugin_that_cannot_forget_stops_it_and_it_can_be_tried_again(
    office: Office,
) -> None:
    office.notebook.broken = True
    with pytest.raises(HoteleroError):
        await office.erase()
    assert "conversation.address: 56911110001" in await office.residue()
    office.notebook.broken = False
    await office.erase()
    assert await office.residue() == ["inbox_raw.body: 56911110001"]


async def test_a_file_that_the_store_will_not_let_go_is_named(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(name: str) -> None:
        raise Unavailable("bucket")

    monkeypatch.setattr(office.store, "delete", away)
    assert (await office.erase())["files_not_deleted"] == ["sol/photo.jpg"]


async def test_a_file_that_was_sent_to_others_too_is_kept(office: Office) -> None:
    await office.store.put("sol/menu.pdf", b"menu")
    await office.store.put("sol/voice.ogg", b"hello Ana")
    rows = await office.inn.outbox()
    mine = [row for row in rows if row.address in ("ana@example.com", "56911110001")]
    others = [row for row in rows if row not in mine]
    async with office.inn.database.sessions() as session, session.begin():
        for row, name in ((mine[0], "menu.pdf"), (others[0], "menu.pdf")):
            content = {**row.content, "attachment": {"kind": "document", "stored": f"sol/{name}"}}
            await session.execute(
                update(Outbox).where(outbox_.id == row.id).values(content=content)
            )
    await office.erase()
    assert sorted(office.store.files) == ["sol/menu.pdf", "sol/voice.ogg"]


async def test_what_was_spoken_to_the_guest_alone_is_not_spoken_again(office: Office) -> None:
    """Its words are the guest's; what others heard is kept for them."""
    rows, database = await office.inn.outbox(), office.inn.database
    mine = next(row for row in rows if row.address in ("ana@example.com", "56911110001"))
    other = next(row for row in rows if "0002" in row.address or "ben" in row.address)
    async with database.sessions() as session, session.begin():
        for row, name in ((mine, "sol/ana.ogg"), (other, "sol/hours.ogg")):
            await office.store.put(name, b"a voice")
            await heard.place_of(session, "sol", name, name, office.inn.clock.now())
            content = {**row.content, "attachment": {"kind": "voice", "stored": name}}
            changed = update(Outbox).where(outbox_.id == row.id)
            await session.execute(changed.values(content=content))
    await office.erase()
    assert sorted(office.store.files) == ["sol/hours.ogg"]
    async with database.sessions() as session:
        assert await heard.recording(session, "sol", "sol/ana.ogg") is None
        assert await heard.recording(session, "sol", "sol/hours.ogg") == "sol/hours.ogg"


@pytest.mark.parametrize("addresses", [(), ("",), (" ",), ("x" * 400,), ("a",) * 21])
async def test_nobody_has_such_an_address(office: Office, addresses: tuple[str, ...]) -> None:
    with pytest.raises(Rejected):
        await office.rights.erase("sol", addresses, "marta")


# ── in its time ──────────────────────────────────────────────────────────────────────────────────


async def test_guests_long_silent_are_erased_and_others_stay(
    office: Office, clock: SettableClock
) -> None:
    clock.advance(days=600)
    await office.inn.hear("hello again", BEN)
    clock.advance(days=200)
    await retention.keep_to(office.inn.tenant, office.rights)
    assert await office.residue() == ["inbox_raw.body: 56911110001"]
    ben = await office.export("56911110002")
    texts = [line["text"] for one in ben["conversations"] for line in one["messages"]]
    assert texts == ["hello again"]


@pytest.mark.parametrize(
    ("channel", "account", "address", "thread"),
    [
        ("phone", "b", "56911110001", ""),
        ("mail", "a", "ana@example.com#of-today", "of-today"),
    ],
)
async def test_who_wrote_lately_in_another_conversation_is_not_erased_with_the_old_one(
    office: Office, clock: SettableClock, channel: str, account: str, address: str, thread: str
) -> None:
    clock.advance(days=800)
    at, now = At(tenant="sol", channel=channel, account=account), clock.now()
    async with office.inn.database.sessions() as session, session.begin():
        number = await guests.silent_conversation(session, at, address, now)
        mine = update(Conversation).where(conversation_.id == number)
        await session.execute(mine.values(thread=thread, created_at=now - timedelta(days=790)))
        await repository.add_line(session, "sol", number, "in", "llego hoy", {}, now)
    await retention.keep_to(office.inn.tenant, office.rights)
    found = await office.export(address.partition("#")[0])
    texts = [line["text"] for one in found["conversations"] for line in one["messages"]]
    assert "llego hoy" in texts
    assert (await office.export("56911110002"))["conversations"] == []


@pytest.mark.parametrize("of_another", [False, True])
async def test_who_has_a_stay_to_come_is_not_erased_however_long_silent(
    office: Office, clock: SettableClock, of_another: bool
) -> None:
    """Under the guest's own addresses, or under another name, booked in his conversation."""
    inn = office.inn
    clock.advance(days=800)
    guest = Guest(name="Eva", email="eva@example.com") if of_another else ANA
    inn.office.book("R7", guest, (clock.now() + timedelta(days=10)).date())
    talk = await inn.conversation("56911110001")
    async with inn.database.sessions() as session, session.begin():
        await inn.runner.mirror.note_here(
            session, inn.office.held["R7"], int(talk.id or 0), made=True
        )
    await retention.keep_to(inn.tenant, office.rights)
    async with inn.database.sessions() as session:
        assert not await stays.was_erased(session, "sol", "R7")
        assert await stays.get(session, "sol", "R7") is not None
    assert await inn.conversation("56911110001")
    assert (await office.export("56911110002"))["conversations"] == []


async def test_guests_who_are_spared_take_the_place_of_nobody(
    office: Office, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One guest is erased a night; the first in the line is spared every night."""
    monkeypatch.setattr(retention, "MOST_GUESTS", 1)
    monkeypatch.setattr(retention, "PAGE", 1)
    clock.advance(days=800)
    office.inn.office.book("R7", ANA, clock.now().date())
    hours = await office.inn.runner.mirror.hours()
    async with office.inn.database.sessions() as session, session.begin():
        await office.inn.runner.mirror.note(session, office.inn.office.held["R7"], hours)
    await retention.keep_to(office.inn.tenant, office.rights)
    assert (await office.export("56911110002"))["conversations"] == []
    assert len((await office.export("56911110001"))["conversations"]) == 1


async def test_words_go_before_the_guest_where_the_hotel_wants_it(
    office: Office, clock: SettableClock
) -> None:
    async with office.inn.database.sessions() as session, session.begin():
        await repository.settle_events(session, "sol", range(1, 50), EventState.ANSWERED)
        for number in range(1, 4):
            await subscriptions.set_delivery(session, "sol", number, DeliveryProgress.DEAD)
    replace_settings(office, messages_days=30)
    clock.advance(days=31)
    await retention.keep_to(office.inn.tenant, office.rights)
    # Bodies have a period of their own.
    assert await office.residue(WORDS) == ["inbox_raw.body: " + WORDS]
    assert len((await office.export(*ALL))["conversations"]) == 2


async def test_stays_and_figures_go_in_their_time(office: Office, clock: SettableClock) -> None:
    replace_settings(office, stays_days=120, journeys_days=120)
    clock.advance(days=119)
    await retention.keep_to(office.inn.tenant, office.rights)
    assert len(await office.inn.messages()) == 2
    clock.advance(days=10)
    await retention.keep_to(office.inn.tenant, office.rights)
    assert await office.inn.messages() == []
    assert (await office.export(*ALL))["stays"] == []


def replace_settings(office: Office, **periods: int) -> None:
    settings = office.inn.tenant.settings
    found = settings.retention.model_copy(update=periods)
    office.inn.tenant.settings = settings.model_copy(update={"retention": found})


async def test_what_is_under_way_is_not_forgotten(office: Office, clock: SettableClock) -> None:
    rows = await office.inn.outbox()
    async with office.inn.database.sessions() as session, session.begin():
        await repository.set_outbox(session, rows[0], OutboxState.QUEUED, clock.now())
    replace_settings(office, messages_days=30)
    clock.advance(days=60)
    await retention.keep_to(office.inn.tenant, office.rights)
    assert [row.id for row in await office.inn.outbox()] == [rows[0].id]


def test_a_mark_is_of_one_hotel_and_of_one_address() -> None:
    sol, luna = consent.mark_of("sol", "+56 9 1111-0001"), consent.mark_of("luna", "56911110001")
    assert sol != luna
    assert sol == consent.mark_of("sol", "56911110001")
    assert "5691111" not in sol


async def test_a_guest_whom_a_plugin_cannot_forget_keeps_nobody_else(
    office: Office, clock: SettableClock
) -> None:
    held, wall = office.rights.holders["notes"]

    async def erase(services: Services, address: str) -> int:
        if address == "56911110001":
            raise Unavailable("this one only")
        return await held.erase(services, address)

    holders: Any = office.rights.holders
    holders["notes"] = (replace(held, erase=erase), wall)
    clock.advance(days=2000)
    with pytest.raises(Unavailable):
        await retention.keep_to(office.inn.tenant, office.rights)
    assert await office.residue("I am Ben", "ben@example.com", "56911110002") == []
    assert await office.residue("56911110001") != []
    holders["notes"] = (held, wall)
    await retention.keep_to(office.inn.tenant, office.rights)
    assert await office.residue("I am Ben", "56911110001") == ["inbox_raw.body: 56911110001"]


async def test_what_a_plugin_notes_while_a_guest_is_erased_goes_too(office: Office) -> None:
    """As a channel that writes down what it is about to send."""
    held, wall = office.rights.holders["notes"]
    left = len((await office.export(*ALL))["addresses"])

    async def erase(services: Services, address: str) -> int:
        nonlocal left
        count = await held.erase(services, address)
        left -= 1
        if left == 0:
            office.notebook.kept["sol", "ana@example.com"] = "a mail on its way"
        return count

    holders: Any = office.rights.holders
    holders["notes"] = (replace(held, erase=erase), wall)
    done = await office.erase()
    assert ("sol", "ana@example.com") not in office.notebook.kept
    assert done["erased"]["notes"] == 2


async def test_files_go_although_a_plugin_fails_once_the_core_has_forgotten_the_guest(
    office: Office,
) -> None:
    """The rows that named them are gone: nobody would find them again."""
    held, wall = office.rights.holders["notes"]
    left = len((await office.export(*ALL))["addresses"])

    async def erase(services: Services, address: str) -> int:
        nonlocal left
        left -= 1
        if left < 0:
            raise Unavailable("away by now")
        return await held.erase(services, address)

    holders: Any = office.rights.holders
    holders["notes"] = (replace(held, erase=erase), wall)
    assert "sol/photo.jpg" in office.store.files
    with pytest.raises(Unavailable):
        await office.erase()
    assert "sol/photo.jpg" not in office.store.files


async def test_how_a_guest_refused_is_forgotten_with_him(office: Office) -> None:
    how = "Ana Paz, room 12, by telephone"
    async with office.inn.database.sessions() as session, session.begin():
        await consent.record(
            session,
            "sol",
            channel=consent.EVERYWHERE,
            addresses=["ana@example.com"],
            purpose="review",
            granted=False,
            source=f"{how} (marta)",
            at=office.inn.clock.now(),
        )
    await office.erase()
    assert await office.residue("room 12", "Ana Paz") == []
    async with office.inn.database.sessions() as session:
        (said,) = await consent.history(session, "sol", ["ana@example.com"])
    assert (said.purpose, said.granted, said.source) == ("review", False, consent.BEFORE)
