"""What guests want of a reservation they have: see it, change it, cancel it, stay longer in it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from agente_hotelero import Decision, Focus, Frame, Handler, HandlerRequest
from agente_hotelero.errors import Rejected, SoldOut, TemporaryError
from agente_hotelero.messages import Option, Reply
from agente_hotelero.pms import Capability
from agente_hotelero.stays import Reservation, Service

from agente_hotelero_front_desk import answers, cases, doing, finding, telling
from agente_hotelero_front_desk.cases import WISHES, Case, Step
from agente_hotelero_front_desk.config import FrontDeskConfig
from agente_hotelero_front_desk.doing import TASKS
from agente_hotelero_front_desk.person import offer_a_person, unproved

EXPECTS: dict[Step, tuple[str, ...]] = {
    "identify": ("reference", "person", "email", "yes_no"),
    "pick": ("option", "reference", "yes_no"),
    "what": ("option", "stay", "party", "yes_no"),
    "dates": ("stay", "nights", "yes_no"),
    "party": ("party", "yes_no"),
    "ages": ("ages", "party", "yes_no"),
    "confirm": ("yes_no", "stay", "party", "reference"),
}
# What else the word for it means where it is asked for a yes.
ABOUT = {"cancel": ("cancel",), "show": ()}
WHAT = {
    "change:dates": "front_desk/option_dates",
    "change:people": "front_desk/option_people",
    "change:else": "front_desk/option_else",
}
MOST_TRIES = 3
KEY_SHOWN = 8


class Reservations(Handler[FrontDeskConfig]):
    """Owns everything about a reservation that exists. Nothing of it is shown or touched before it
    is known to be the guest's, and nothing is changed without a yes to what it costs."""

    config_class = FrontDeskConfig
    name = "front_desk.reservations"
    intents = frozenset(WISHES)

    async def handle(self, request: HandlerRequest) -> Decision:
        frame = request.frame
        step = cast("Step | None", frame.step if frame else None)
        before = _begun(request)
        if not finding.is_sure(request):
            return unproved(TASKS[before.wish])
        told = _tapped(cases.absorb(before, request.entities), request.choice)
        if request.choice == "change:else":
            return offer_a_person(request, (), task=TASKS["change"])
        try:
            if step == "confirm" and told == before and told.preview is not None:
                answer = answers.yes_or_no(request)
                if answer is not None:
                    return await self._close(request, told, answer)
            if step not in (None, "confirm") and told == before and _declines(request):
                return _nothing_changed(told)
            return await self._proceed(request, told)
        except TemporaryError:
            return Decision(replies=(Reply(template="front_desk/system_away"),), frame=frame)

    def question(self, frame: Frame, focus: Focus, hotel_now: datetime) -> Reply | None:
        case = Case.model_validate(frame.data)
        if frame.step == "confirm":
            return Reply(
                template=f"front_desk/sure_{case.wish}",
                options=answers.options(f"sure-{(case.key or '')[:KEY_SHOWN]}"),
            )
        if frame.step == "what":
            options = tuple(Option(id=one, phrase=phrase) for one, phrase in WHAT.items())
            return Reply(template="front_desk/ask_what", options=options)
        if frame.step == "pick":
            return Reply(template="front_desk/ask_which", options=finding.options(case.several))
        if frame.step == "identify":
            known = {"reference": case.reference, "surname": case.surname or case.email}
            return Reply(template="front_desk/ask_reference", values=known)
        return Reply(template=f"front_desk/ask_new_{frame.step}")

    async def _proceed(self, request: HandlerRequest, case: Case) -> Decision:
        """Find the reservation, then do what is wanted of it as far as that is known."""
        if _guesses(request):
            # What is known without a proof still is; no other name is tried.
            case = case.with_(surname=None, email=None)
        case = await finding.with_reference(request, case)
        found = await finding.candidates(request, case)
        if case.wish in ("late_checkout", "early_checkin"):
            return await self._service(request, case, found)
        if len(found) != 1:
            return self._which(request, case, found)
        made = found[0]
        case = case.with_(found=made.reference)
        if case.wish == "show":
            reply = Reply(template="front_desk/reservation", values=telling.of_reservation(made))
            return Decision(replies=(reply,), focus=_about(request, made))
        if not finding.is_live(made, request):
            reply = Reply(
                template="front_desk/reservation_over", values=telling.of_reservation(made)
            )
            return Decision(replies=(reply,))
        if case.wish == "cancel":
            return await self._cancel(request, case, made)
        return await self._change(request, case, made)

    def _which(self, request: HandlerRequest, case: Case, found: Sequence[Reservation]) -> Decision:
        """Ask which of several, or by what it can be found."""
        if found:
            several = tuple((one.reference, one.stay.arrival) for one in found)
            return self._ask(request, case.with_(several=several), "pick")
        if request.email is not None:
            return unproved(TASKS[case.wish])
        if _guesses(request):
            return offer_a_person(request, (), "front_desk/needs_person", TASKS[case.wish])
        if not (case.reference and (case.surname or case.email)):
            return self._ask(request, case, "identify")
        again = case.with_(surname=None, email=None)
        missing = Reply(template="front_desk/reservation_not_found")
        focus = request.focus.with_(unproved=request.focus.unproved + 1)
        request = replace(request, focus=focus)
        if _guesses(request):
            asked = offer_a_person(request, (missing,), task=TASKS["show"])
            return replace(asked, focus=focus)
        return self._ask(request, again, "identify", missing)

    async def _cancel(self, request: HandlerRequest, case: Case, made: Reservation) -> Decision:
        """Say what it costs, and ask for a yes; where that is not known, a person says it."""
        if not request.pms.can(Capability.CANCEL):
            return offer_a_person(request, (), "front_desk/needs_person", TASKS["cancel"])
        try:
            preview = await request.pms.preview_cancellation(made.reference)
        except Rejected:
            return offer_a_person(request, (), "front_desk/cannot_cancel", TASKS["cancel"])
        if preview.fee is None:
            return offer_a_person(request, (), "front_desk/fee_unknown", TASKS["cancel"])
        return self._sure(
            _of(request, made), case.with_(preview=preview), doing.told(preview, made)
        )

    async def _change(self, request: HandlerRequest, case: Case, made: Reservation) -> Decision:
        """Ask what is missing of the change, then say what it costs and ask for a yes."""
        step = cases.missing(case, made)
        if not _can_change(request, case) or len(made.occupancies) > 1:
            return offer_a_person(request, (), "front_desk/needs_person", TASKS["change"])
        if step != "confirm":
            return self._ask(_of(request, made), case, step)
        change = cases.change_of(case, made)
        if change is None or change.stay.departure <= request.now.date():
            reply = Reply(template="front_desk/dates_unclear")
            return self._ask(_of(request, made), case.without_dates(), "dates", reply)
        if (change.stay, change.occupancies) == (made.stay, made.occupancies):
            reply = Reply(template="front_desk/is_so", values=telling.of_reservation(made))
            return Decision(replies=(reply,), focus=_about(request, made))
        try:
            preview = await request.pms.preview_amendment(made.reference, change)
        except SoldOut:
            reply = Reply(
                template="front_desk/change_full",
                values={"arrival": change.stay.arrival, "departure": change.stay.departure},
            )
            return self._ask(_of(request, made), case.without_dates(), "dates", reply)
        except Rejected:
            return offer_a_person(request, (), "front_desk/cannot_change", TASKS["change"])
        return self._sure(
            _of(request, made), case.with_(preview=preview), doing.told(preview, made)
        )

    async def _service(
        self, request: HandlerRequest, case: Case, found: Sequence[Reservation]
    ) -> Decision:
        """Sold by the PMS where it can be; else what the house says of it, and a task for staff."""
        if not request.pms.can(Capability.SERVICES) or len(found) != 1:
            return await doing.arranged_by_staff(request, case.wish)
        made = found[0]
        for service in await request.pms.list_services(made.reference, request.language):
            if service.kind == case.wish:
                return self._offer_service(_of(request, made), case, made, service)
        return await doing.arranged_by_staff(request, case.wish)

    def _offer_service(
        self, request: HandlerRequest, case: Case, made: Reservation, service: Service
    ) -> Decision:
        if service.id in made.services:
            reply = Reply(
                template="front_desk/service_there", values=telling.of_service(service, made)
            )
            return Decision(replies=(reply,))
        found = case.with_(found=made.reference, preview=service)
        return self._sure(request, found, doing.told(service, made))

    def _sure(self, request: HandlerRequest, case: Case, reply: Reply) -> Decision:
        return self._ask(request, case.with_(key=uuid.uuid4().hex), "confirm", reply)

    def _ask(self, request: HandlerRequest, case: Case, step: Step, *replies: Reply) -> Decision:
        sure = step == "confirm"
        frame = Frame(
            handler=self.name,
            step=step,
            data=case.model_dump(mode="json"),
            expects=(*EXPECTS[step], *(ABOUT.get(case.wish, ("change",)) if sure else ())),
            expires_at=request.now + timedelta(hours=self.config.question_hours),
        )
        return Decision(replies=replies, frame=frame, focus=request.focus)

    async def _close(self, request: HandlerRequest, case: Case, answer: bool) -> Decision:
        """The guest answered what it costs."""
        if not answer:
            return _nothing_changed(case)
        done = await doing.do(request, case)
        if isinstance(done, Decision):
            return done
        fresh, reply = done
        if fresh.preview != case.preview:
            return self._sure(request, fresh, reply)
        return self._ask(request, fresh, "confirm", reply)


def _guesses(request: HandlerRequest) -> bool:
    """Whether the guest has failed so often to prove a reservation his that a person must look."""
    return request.focus.unproved >= MOST_TRIES


def _declines(request: HandlerRequest) -> bool:
    """Whether the guest gives it up."""
    return not request.intents and answers.yes_or_no(request) is False


def _nothing_changed(case: Case) -> Decision:
    template = "front_desk/acknowledged" if case.wish == "show" else "front_desk/nothing_changed"
    return Decision(replies=(Reply(template=template),))


def _begun(request: HandlerRequest) -> Case:
    """The case of the frame; a new one where the guest says another wish, or has no frame.

    What was proved of the guest's reservation is kept.
    """
    frame = request.frame
    case = Case.model_validate(frame.data) if frame else None
    for intent in request.intents:
        wish = WISHES[intent.name]
        if case is None or case.wish != wish:
            return Case(wish=wish, found=case.found if case else None)
    if case is None:
        raise ValueError("asked without an intent and without a frame")
    return case


def _tapped(case: Case, choice: str | None) -> Case:
    """The case with what the guest chose of what was shown."""
    if choice == "change:dates":
        return case.with_(dates=True)
    if choice == "change:people":
        return case.with_(people=True)
    if choice and choice.startswith(finding.PICK):
        reference = choice.removeprefix(finding.PICK)
        if any(reference == known for known, _ in case.several):
            return case.with_(found=reference, several=())
    return case


def _can_change(request: HandlerRequest, case: Case) -> bool:
    if not (case.dates or case.people):
        return request.pms.can(Capability.AMEND_STAY) or request.pms.can(Capability.AMEND_GUESTS)
    wanted = Capability.NONE
    wanted |= Capability.AMEND_STAY if case.dates else Capability.NONE
    wanted |= Capability.AMEND_GUESTS if case.people else Capability.NONE
    return request.pms.can(wanted)


def _about(request: HandlerRequest, made: Reservation) -> Focus:
    return request.focus.with_(reservation=made.reference, topic=made.stay.arrival)


def _of(request: HandlerRequest, made: Reservation) -> HandlerRequest:
    """The request with the reservation in focus."""
    return replace(request, focus=_about(request, made))
