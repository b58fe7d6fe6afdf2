"""The pipeline: understand → decide. Values down, one value back; no step calls another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

import structlog

from agente_hotelero._runtime import heard, outputs, routing, state, tracing
from agente_hotelero._runtime.doubts import doubts
from agente_hotelero._runtime.guarded_pms import NoPms
from agente_hotelero._runtime.rendering import titles
from agente_hotelero._runtime.routing import Call
from agente_hotelero._runtime.state import State
from agente_hotelero._runtime.templates import Renderer
from agente_hotelero._runtime.tenants import Tenant
from agente_hotelero.dialogue import Decision, Frame, HandlerRequest, Handover
from agente_hotelero.errors import HoteleroError, Unavailable
from agente_hotelero.events import DomainEvent, TaskForStaff
from agente_hotelero.messages import (
    Content,
    Entity,
    InboundMessage,
    OfferedOption,
    Reply,
    Understanding,
    UnderstandRequest,
)

LOG = structlog.get_logger("agent")
NOBODY = routing.NOT_UNDERSTOOD
# Whoever agrees or chooses must have seen to what.
AGREEING = frozenset({"yes_no", "option"})
# What is said around a yes, and adds nothing.
POLITE = routing.AGREEING | {"thanks", "greeting", "goodbye", "provide_info"}
UNSUPPORTED = "unsupported"
# What a yes is to: said of the last question only.
ABOUT = frozenset({"cancel", "change"})


@dataclass(frozen=True, kw_only=True)
class Talk:
    """All that a turn is decided from; `now` is in the property's zone."""

    tenant: Tenant
    renderer: Renderer
    now: datetime
    state: State
    language: str | None
    messages: Sequence[InboundMessage]
    profile_name: str = ""
    phone: str | None = None
    unread: str = ""
    """What was spoken last, for a guest who asks to read it."""

    @property
    def too_early(self) -> bool:
        """Whether some of this was written before the question that waits was asked: which of it
        agrees to something, nobody knows then.

        Providers stamp whole seconds, so the second of the question itself still counts.
        """
        asked = self.state.top.asked_at if self.state.top else None
        if asked is None:
            return False
        second = asked.replace(microsecond=0)
        return any(
            message.sent_at < (asked if message.sent_at.microsecond else second)
            for message in self.messages
        )

    @property
    def attached(self) -> tuple[str, ...]:
        """The kinds of what came beside words."""
        kinds = []
        for message in self.messages:
            media = message.content.media
            kinds += [media.kind or "document"] if media else []
            kinds += [UNSUPPORTED] if message.extra.get(UNSUPPORTED) else []
        return tuple(kinds)

    def tapped(self, offered: Sequence[OfferedOption]) -> str | None:
        """The option tapped last, if it is still on offer."""
        known = {option.id for option in offered}
        taps = [message.content.choice for message in self.messages]
        return next((tap for tap in reversed(taps) if tap in known), None)

    @property
    def email(self) -> str | None:
        """The address that the guest writes from, where it is one."""
        return self.messages[-1].email

    @property
    def verified(self) -> bool:
        """Whether all of this is surely from who it says."""
        return all(message.verified for message in self.messages)

    def confirming(self, asked: Frame) -> Talk:
        """With the words that the guest has confirmed, in place of his yes."""
        return replace(self, messages=[heard.as_written(asked, self.messages[-1])])

    def said(self, offered: Sequence[OfferedOption] = ()) -> list[Content]:
        """What was written or spoken. The title of an option that was tapped means nothing more if
        it is on offer, and nothing at all if something else is: an old button answers no new
        question."""
        known = {option.id for option in offered}
        return [
            message.content
            for message in self.messages
            if message.content.choice is None or not (known or self.state.top)
        ]

    def text(self, offered: Sequence[OfferedOption] = ()) -> str:
        """The same, as lines of one text."""
        lines = [content.text for content in self.said(offered)]
        return "\n".join(line for line in lines if line)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a turn decided, before it is worded."""

    state: State
    language: str
    replies: tuple[Reply, ...]
    handover: Handover | None = None
    events: tuple[DomainEvent, ...] = ()
    failed: bool = False

    @property
    def tasks(self) -> tuple[str, ...]:
        """What people must do."""
        return tuple(event.kind for event in self.events if isinstance(event, TaskForStaff))

    def asked_at(self, begun: datetime, now: datetime) -> Outcome:
        """With what this turn asks stamped with its end: whoever wrote while it was thought about
        has not seen it."""
        top = self.state.top
        if top is None or top.asked_at != begun:
            return self
        return replace(self, state=self.state.asked(now))

    def with_apology(self, hotel: str, why: str) -> Outcome:
        """For a failure of ours: an honest word about what was not answered, and a person."""
        sorry = Reply(template="core/trouble", values={"hotel": hotel})
        return replace(
            self,
            replies=(*self.replies, sorry),
            handover=self.handover or Handover(reason=f"failure: {why}"),
            failed=True,
        )


async def converse(talk: Talk) -> Outcome:
    """Understand the turn and let its handlers decide. Raises HoteleroError if none could."""
    talk = replace(talk, state=talk.state.fresh(talk.now))
    why = heard.unheard(talk.messages)
    if why:
        return _pardon(talk, heard.pardon(why, talk.tenant.settings.voice.longest_note_seconds))
    if heard.wants_writing(talk.text()):
        talk = replace(talk, state=replace(talk.state, written=True))
        if talk.unread:
            return await _in_writing(talk)
    top = talk.state.top
    if top is not None and top.handler == heard.HANDLER:
        return await _after_reading_back(talk, top)
    return await _converse(talk)


async def _in_writing(talk: Talk) -> Outcome:
    """First what could not be listened to, then the answer to whatever else was said; what there is
    to choose from was written at once."""
    reply = Reply(template="core/in_writing", values={"text": talk.unread})
    understood = await _understand(talk, ())
    if not _adds(talk, understood):
        return Outcome(state=talk.state, language=understood.language, replies=(reply,))
    outcome = await converse(replace(talk, unread=""))
    return replace(outcome, replies=(reply, *outcome.replies))


def _pardon(talk: Talk, reply: Reply) -> Outcome:
    """Nothing was heard: say so, and ask again what was asked."""
    language = talk.language or talk.tenant.hotel.languages[0]
    return _with_question(talk, Outcome(state=talk.state, language=language, replies=(reply,)))


async def _after_reading_back(talk: Talk, asked: Frame) -> Outcome:
    """The guest was asked whether he was heard well: a yes makes it as good as written, a no is
    asked for the words again, and whatever else he says is what counts now.

    A yes or no that was hardly heard answers nothing, not even what was asked before; what is said
    beside a yes is read back together with what it adds to.
    """
    language = talk.language or talk.tenant.hotel.languages[0]
    offered = () if talk.too_early else _offered(talk, language)
    understood = await _understand(talk, offered)
    answer = {heard.YES: True, heard.NO: False}.get(_choice(talk, understood, offered) or "")
    said = understood.first("yes_no")
    if answer is None and said is not None:
        text = talk.text(offered)
        more = _adds(talk, understood) or heard.has_other_numbers(text, asked)
        if said.value and more:
            return _read_back_both(talk, asked, said, text, understood)
        if not more and doubts(talk.said(offered), understood, _day(talk)):
            return _pardon(talk, Reply(template="core/not_heard"))
        answer = None if more else bool(said.value)
    talk = replace(talk, state=_without_question(talk))
    if answer:
        return await _converse(talk.confirming(asked), certain=True)
    if answer is False:
        return _pardon(talk, Reply(template="core/say_again"))
    return await _converse(talk)


def _without_question(talk: Talk) -> State:
    return replace(talk.state, frames=state.drop(talk.state.frames, heard.HANDLER))


def _read_back_both(
    talk: Talk, asked: Frame, yes: Entity, text: str, understood: Understanding
) -> Outcome:
    """The yes itself is left out: it answers this question and no other."""
    begin, end = yes.span
    beside = " ".join(text[:begin].split() + text[end:].split()).strip(" ,.;:!¡-")
    both = heard.frame(f"{asked.data['text']}, {beside}", heard.doubts_of(asked), talk.now)
    kept = replace(talk.state, frames=state.put(_without_question(talk).frames, both))
    return _with_question(talk, Outcome(state=kept, language=understood.language, replies=()))


def _adds(talk: Talk, understood: Understanding) -> bool:
    """Whether anything is said that somebody here answers, but for a yes or a no."""
    return any(entity.type not in AGREEING for entity in understood.entities) or any(
        intent.confidence >= routing.CLEAR
        and intent.name in talk.tenant.owners
        and intent.name not in POLITE
        for intent in understood.intents
    )


def _day(talk: Talk) -> date:
    return talk.now.date()


async def _converse(talk: Talk, *, certain: bool = False) -> Outcome:
    """The same, with nothing left to ask about how it was heard if `certain`."""
    before = talk.state
    language = talk.language or talk.tenant.hotel.languages[0]
    offered = () if talk.too_early else _offered(talk, language)
    understood = await _understand(talk, offered)
    unsure = () if certain else doubts(talk.said(offered), understood, _day(talk))
    if unsure:
        asked = heard.frame(talk.text(offered), unsure, talk.now)
        before = replace(before, frames=state.put(before.frames, asked))
        outcome = Outcome(state=before, language=understood.language, replies=())
        return _with_question(talk, outcome)
    choice = _choice(talk, understood, offered)
    text = talk.text(offered)
    calls = routing.route(understood, choice, before.frames, talk.tenant.owners, text)
    nobody = talk.tenant.owners.get(NOBODY)
    unserved = _unserved(talk, understood) or not (calls or nobody)
    if talk.too_early or unserved:
        # Not misunderstood: only early, and the question is asked again; or its handler is away.
        calls = [call for call in calls if call.handler != nobody]
    if all(call.handler != nobody for call in calls):
        before = replace(before, focus=before.focus.with_(misunderstood=0))
    outcome = Outcome(state=before, language=understood.language, replies=())
    outcome, failure = await _decide(talk, understood, choice, calls, outcome)
    if failure or (unserved and not talk.too_early):
        return _in_part(talk, outcome, failure)
    return _with_question(talk, outcome)


def _in_part(talk: Talk, outcome: Outcome, failure: HoteleroError | None) -> Outcome:
    """What was answered, and a person for the rest. After a failure the dialogue begins anew: what
    could not be read now could not be read later either."""
    why = type(failure).__name__ if failure else "nobody answers this"
    anew = State(written=outcome.state.written) if failure else outcome.state
    return replace(outcome, state=anew).with_apology(talk.tenant.hotel.name, why)


def _unserved(talk: Talk, understood: Understanding) -> bool:
    """Whether something was clearly asked of a handler that could not be opened."""
    return understood.verdict != "reject" and any(
        intent.name in talk.tenant.unserved and intent.confidence >= routing.CLEAR
        for intent in understood.intents
    )


async def _decide(
    talk: Talk,
    understood: Understanding,
    choice: str | None,
    calls: Sequence[Call],
    outcome: Outcome,
) -> tuple[Outcome, HoteleroError | None]:
    """What all handlers decide, and the failure of one, if others had something to say."""
    failure: HoteleroError | None = None
    for call in calls:
        try:
            outcome = await _ask(talk, understood, choice, call, outcome)
        except HoteleroError as error:
            failure = error
    if failure is not None and not outcome.replies:
        raise failure
    return outcome, failure


def _offered(talk: Talk, language: str) -> tuple[OfferedOption, ...]:
    question = _question(talk, talk.state, talk.state.top)
    if question is None:
        return ()
    return titles(question.options, talk.renderer, language, talk.tenant.settings.zone)


def _question(talk: Talk, now: State, frame: Frame | None) -> Reply | None:
    if frame is not None and frame.handler == heard.HANDLER:
        return heard.question(frame)
    if frame is None or frame.handler not in talk.tenant.handlers:
        return None
    handler, guard = talk.tenant.handlers[frame.handler]
    return guard.run("question", lambda: handler.question(frame, now.focus, talk.now))


async def _understand(talk: Talk, offered: tuple[OfferedOption, ...]) -> Understanding:
    """The first engine that does not reject; the last one's reading if all do.

    An engine that fails is passed over. Raises HoteleroError if none is left.
    """
    focus = talk.state.focus
    request = UnderstandRequest(
        text=talk.text(offered),
        language=talk.language,
        languages=talk.tenant.hotel.languages,
        reference=talk.now,
        zone=talk.tenant.settings.zone,
        expects=_expected(talk),
        options=offered,
        vocabulary=await _vocabulary(talk),
        rates={offer.rate_plan.id: [offer.rate_plan.name] for offer in focus.offers},
        topic=focus.stay.arrival if focus.stay else focus.topic,
    )
    understood: Understanding | None = None
    failure: HoteleroError | None = None
    for engine, guard in talk.tenant.nlp:
        work = partial(engine.understand, request)
        try:
            with tracing.span("understand", plugin=guard.plugin):
                reading = await guard.call("understand", work, check=outputs.understanding)
        except HoteleroError as error:
            LOG.warning("engine_passed_over", plugin=guard.plugin, error=type(error).__name__)
            failure = error
            continue
        understood = reading
        if reading.verdict != "reject":
            break
    if understood is None and talk.tenant.settings.nlp:
        raise failure or Unavailable("no engine is in service")
    return understood or Understanding(language=request.language or request.languages[0])


def _expected(talk: Talk) -> tuple[str, ...]:
    """What the questions in progress wait for, the last one's first."""
    top = talk.state.top
    kinds = (
        kind
        for frame in reversed(talk.state.frames)
        for kind in frame.expects
        if frame is top or kind not in ABOUT
    )
    early = AGREEING if talk.too_early else frozenset()
    unheard = early | {routing.OPINION}
    return tuple(dict.fromkeys(kind for kind in kinds if kind not in unheard))


async def _vocabulary(talk: Talk) -> dict[str, list[str]]:
    """The property's room names in its languages; empty while the PMS is away."""
    if talk.tenant.pms is None:
        return {}
    names: dict[str, list[str]] = {}
    try:
        for language in talk.tenant.hotel.languages:
            for room in await talk.tenant.pms.room_types(language):
                names.setdefault(room.id, []).append(room.name)
    except HoteleroError:
        return names
    return names


def _choice(talk: Talk, understood: Understanding, offered: Sequence[OfferedOption]) -> str | None:
    """The option that was tapped, or else named in words."""
    named = understood.first("option")
    known = {option.id for option in offered}
    words = str(named.value) if named is not None and named.value in known else None
    return talk.tapped(offered) or words


async def _ask(
    talk: Talk, understood: Understanding, choice: str | None, call: Call, so_far: Outcome
) -> Outcome:
    handler, guard = talk.tenant.handlers[call.handler]
    own = next((f for f in so_far.state.frames if f.handler == call.handler), None)
    request = HandlerRequest(
        intents=call.intents,
        entities=_heard(understood, floor=call.floor),
        text=talk.text(),
        language=understood.language,
        choice=choice if call.floor else None,
        focus=so_far.state.focus,
        frame=own,
        hotel=talk.tenant.hotel,
        pms=talk.tenant.pms or NoPms(),
        now=talk.now,
        profile_name=talk.profile_name,
        phone=talk.phone,
        attached=talk.attached,
        email=talk.email,
        verified=talk.verified,
    )
    decision = await guard.call("handle", partial(handler.handle, request), check=outputs.decision)
    if call.floor:
        so_far = replace(so_far, state=so_far.state.back_to(call.handler))
    return _apply(so_far, decision, call.handler)


def _heard(understood: Understanding, *, floor: bool) -> tuple[Entity, ...]:
    """What a handler hears: a yes or a choice belongs to who asked last, and to nobody else."""
    if floor:
        return understood.entities
    return tuple(one for one in understood.entities if one.type not in AGREEING)


def _apply(so_far: Outcome, decision: Decision, handler: str) -> Outcome:
    frames = state.drop(so_far.state.frames, handler)
    if decision.frame is not None:
        frames = state.put(so_far.state.frames, decision.frame)
    return replace(
        so_far,
        state=replace(so_far.state, frames=frames, focus=decision.focus or so_far.state.focus),
        replies=(*so_far.replies, *decision.replies),
        handover=so_far.handover or decision.handover,
        events=(*so_far.events, *decision.events),
    )


def _with_question(talk: Talk, outcome: Outcome) -> Outcome:
    """Ask, last of all, what the top frame waits for; a person who takes over asks for himself."""
    if outcome.handover is not None:
        return outcome
    question = _question(talk, outcome.state, outcome.state.top)
    if question is None:
        return outcome
    asked = outcome.state.asked(talk.now)
    return replace(outcome, state=asked, replies=(*outcome.replies, question))
