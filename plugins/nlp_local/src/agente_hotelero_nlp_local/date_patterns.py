"""The patterns of dates, in the order in which they claim text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from agente_hotelero_nlp_local import calendar_words as words
from agente_hotelero_nlp_local import dates
from agente_hotelero_nlp_local.dates import Maker, Mark
from agente_hotelero_nlp_local.numerals import DAY, NUMBER
from agente_hotelero_nlp_local.text import MASK, mask

Written = tuple[str, Maker]
# Whoever names more dates than these asks for no stay.
MOST_MARKS = 24

_W = r"(?<![\w¤])"
_UNIT = (
    r"(?!\s*(?:noches?|noites?|nights?|nts|pernoit|diarias?|dias?\b|days?|semanas?|weeks?|mes|"
    r"months?|personas?|pers\b|pax|pessoas?|people|persons?|guests?|adult|huesped|hosped|nin[oa]|"
    r"chic[oa]s|nen[ea]|hij[oa]s|menor|bebe|crianca|filh[oa]|kid|child|bab[yi]|infant|anos?\b|"
    r"years?|habitac|habs?\b|cuartos?\b|quartos?\b|rooms?|camas?\b|beds?|dobles?\b|doubles?\b|"
    r"kg|kilos?|quilos?|km|lbs|metros|estrel\w+|stars?|cuadras?|quadras?|veces|vezes|times|euros?|"
    r"hs?\b|hrs?\b|horas?|hours?|min|am\b|pm\b|%|\$|€|usd|eur|reais|pesos|dolar|[:h]\d|[.,]\d|"
    r"of us\b|(?:y|e|and)\s+\d+\s*(?:anos?|years?)\b))"
)
_ORD = r"(?:st|nd|rd|th|ro|ero|\.?o|\.?a)?(?!\w)"
_ART = r"(?:(?:el|o|the|no|on)\s+)?(?:(?:dia|day|the)\s+)?"
_SHORT_YEAR = r"(?<=[a-z.]\s)(?:2[6-9]|3\d)(?=\s*(?:$|[,.;)>-]))(?!\s*-\s*\d)"
_YEAR = rf"(?:\s*(?:,|de|del|do|of)?\s*(?P<y>20\d\d|'\d\d|{_SHORT_YEAR}))?(?!\d)"
_DAY_OF = (
    rf"(?P<d>{DAY})(?:{_ORD}(?:[-/]|\.?\s*)(?:(?:del?|d|do|of|mes de)\s+)*|(?<=\d)(?=[a-z]{{3}}))"
)
_OTHER = (
    r"(?P<other>\s*,?\s*(?:no|nao|not)?,?\s*(?:sino\s+)?(?:el|la|the|a|o)\s+(?:otro|otra|siguiente|"
    r"outr[oa]|seguinte|next(?: one)?|one after|following(?: one)?))(?!\w)"
)
_NEXT_WEEK = (
    r"(?:de la |da |of |de |na |la )?(?:semana que viene|semana que vem|proxima semana|"
    r"prox\.? semana|next week|semana proxima|semana siguiente)"
)
_PRE = (
    r"(?:(?P<this>est[ea]|ess[ea]|nest[ea]|ness[ea]|this|coming)|(?P<next>proxim[oa]s?|prox\.?|next)"
    r"|(?P<pre_other>otr[oa]|outr[oa]))\s+"
)
_POST = rf"(?:\s*(?:(?P<nw>{_NEXT_WEEK})|(?P<qv>que viene|que vem|proxim[oa]|siguiente)))?(?!\w)"
_WEEKEND = r"(?:fin de semana|finde(?: semana)?|final de semana|fim de semana|fds|weekend|wknd)"
_NOW = r"(?:today|now|hoy|hoje|agora|ahora)"


def _numeric(language: str) -> Iterator[Written]:
    lead = rf"(?:(?:{'|'.join(name for _, name in words.weekdays(language))}|sun),?\s+)?{_ART}"
    yield (
        rf"{_W}(?P<y>20\d\d)[-/.](?P<m>\d{{1,2}})[-/.](?P<d>\d{{1,2}})(?!\d)",
        dates.numeric,
    )
    full = (
        r"(?P<d>\d{1,2})\s?(?P<mark>[/.-])\s?(?P<m>\d{1,2})\s?(?P=mark)\s?"
        r"(?P<y>20\d\d|19\d\d|\d\d)(?!\d|(?P=mark)\d)"
    )
    yield rf"{_W}{lead}{full}", dates.numeric
    end = rf"(?![\d%]|[/.,]\d)(?!\s*(?:(?:de|of)\s+)?{words.MONTH})(?! (?:pension|board)){_UNIT}"
    yield rf"{_W}{lead}(?P<d>\d{{1,2}})\s?/\s?(?P<m>\d{{1,2}}){end}", dates.numeric
    yield rf"{_W}{lead}(?P<d>\d{{1,2}})\.(?P<m>\d\d){end}", dates.numeric
    yield rf"{_W}(?P<d>\d{{1,2}})-(?P<m>\d{{1,2}})(?!-){end}", dates.dashed


def _relative() -> Iterator[Written]:
    count = rf"(?P<n>{NUMBER})\s+(?P<unit>dias?|days?|semanas?|weeks?)"
    after_now = rf"(?:from|a partir de|desde|de)\s+{_NOW}(?!\w)"
    yield rf"{_W}{count}\s+{after_now}", dates.in_some_days
    yield rf"{_W}(?:en|dentro de|em|daqui a?|in)\s+{count}(?!\w)", dates.in_some_days
    units = r"(?P<unit>dias?|days?|semanas?|weeks?)"
    some = rf"(?P<n>{NUMBER}|(?:a )?couple(?: of)?|(?:un )?par de)"
    yield rf"{_W}{some}\s+{units}\s+(?:ago|atras|back)(?!\w)", dates.some_days_ago
    yield rf"{_W}(?:hace|ha|faz)\s+{some}\s+{units}(?!\w)", dates.some_days_ago
    yield rf"{_W}(?:yesterday|ayer|ontem)(?!\w)", dates.ahead(-1)
    yield (
        rf"{_W}(?:in (?:a )?fortnight|(?:a )?fortnight (?:from (?:today|now)|today))(?!\w)",
        (dates.in_weeks(2)),
    )
    yield rf"{_W}(?:for )?(?:a )?fortnight(?!\w)", dates.fortnight
    a_week = r"(?:de )?hoy en (?:ocho|8)|de hoje a (?:oito|8)|hoje a oito|(?:today|this day) week"
    yield rf"{_W}(?:{a_week})(?!\w)(?:\s+dias)?", dates.ahead(7)
    yield rf"{_W}de manana en (?:ocho|8)(?!\w)(?:\s+dias)?", dates.ahead(8)
    yield rf"{_W}manana no,?\s*(?:sino\s+)?(?:el\s+)?pasado(?!\w)", dates.ahead(2)
    after = r"(?:el\s+)?pasado manana|depois de amanha|(?:the\s+)?day after tomorrow"
    yield rf"{_W}(?:{after})(?!\w)", dates.ahead(2)
    tomorrow = r"(?<!\bla )(?<!\bma )(?<!\besta )manana|amanha|amnh|mnn|tomorrow|tomorow|tmrw|tmr"
    part = r"(?:\s+(?:a|por|en|de) la (?:manana|tarde|noche))?"
    yield rf"{_W}(?:{tomorrow})(?!\w){part}", dates.ahead(1)
    today = (
        r"hoy|hoje|hj|todays?|today's|tonight|est[ae] (?:misma )?(?:noche|noite|tarde)|esta manana|"
        r"this (?:evening|afternoon|morning)"
    )
    yield rf"{_W}(?:{today})(?!\w)(?:\s+(?:mismo|a noite|a la noche|mesmo))?", dates.ahead(0)
    yield r"(?:(?<=from )now|(?<=desde )ahora|(?<=partir de )(?:agora|ahora))(?!\w)", dates.ahead(0)


def _lengths() -> Iterator[Written]:
    unit = (
        r"(?:noches?|noche[cs]itas?|noites?|noitinhas?|nights?|nites?|nts?|pernoctes?|pernoctaciones|"
        r"pernoites?|diarias?)(?!\w)"
    )
    several = rf"(?:\s*(?:o|ou|or|a|to|-)\s*(?P<n2>{NUMBER}))?"
    only = r"(?:solo|solamente|solito|so|somente|apenas|only|just|nada mas|nomas)"
    night = r"(?:esa|essa|esta|that|this|la|una|uma|one|a)(?: misma)? (?:noche|noite|night)"
    yield rf"{_W}{only}\s+(?:por\s+|for\s+)?{night}(?!\w)", dates.one_night
    today = r"(?:hoy|hoje|hj|tonight|esta noche|esta noite|hoje a noite)"
    yield rf"{_W}{only}(?=\s+(?:por\s+|for\s+|para\s+|pra\s+)?{today}(?!\w))", dates.one_night
    for word in ("tonight ", "noche ", "noite ", "hoy ", "hoje "):
        yield rf"(?<={word})(?:only|solamente|nada mas|nomas|so)(?!\w)", dates.one_night
    alone = r"(?:sol[ao]s?|solit[ao]s?|unic[ao]s?|so|single|lind[ao]s?|full|consecutive)"
    yield rf"{_W}(?P<n>{NUMBER}){several}\s*(?:{alone}\s+)?{unit}", dates.nights
    yield rf"{_W}(?P<n>\d{{1,2}})(?P<n2>(?!))?\s?n(?!\w)", dates.nights
    not_a_date = rf"(?!\w)(?! (?:from|after)(?! (?:the )?(?:\d|{words.MONTH})))"
    yield rf"{_W}overnight(?!\w)(?! (?:parking|guest))", dates.one_night
    yield (
        rf"{_W}(?P<n>{NUMBER})\s+(?:semanas?|semanitas?|semaninhas?|weeks?){not_a_date}",
        dates.weeks,
    )
    long = r"(?:por|para|pra|for|durante|during|quedar\w+|ficar|stay\w*)"
    yield rf"{_W}{long}\s+(?:unos |about )?(?P<n>{NUMBER})\s+(?:dias|days)(?!\w)", dates.days_long
    since = r"(?=,?\s+(?:desde|a partir|a contar|from|starting|empezando|comecando|arrancando))"
    yield rf"{_W}(?P<n>{NUMBER})\s+(?:dias|diitas|days){since}", dates.days_long


def _feasts() -> Iterator[Written]:
    for offset, name in words.movable_feasts():
        yield rf"{_W}{name}{_YEAR}", dates.movable(offset)
    for (on, month), name in words.feasts():
        yield rf"{_W}{name}{_YEAR}", dates.feast(on, month)
    for when, name in words.nth_feasts():
        yield rf"{_W}{name}{_YEAR}", dates.nth_feast(when)


def _named_months(language: str) -> Iterator[Written]:
    weekdays = words.weekdays(language)
    lead = rf"(?:(?:{'|'.join(name for _, name in weekdays)}|sun),?\s+)?{_ART}"
    for number, name in words.months():
        yield rf"{_W}{lead}{_DAY_OF}{name}{_YEAR}", dates.in_month(number)
    day = rf"(?:the\s+)?(?P<d>{DAY}){_ORD}(?!\s*(?:am|pm|:|noches|nights|noites)){_YEAR}"
    for number, name in words.months(english_only=True):
        yield rf"{_W}{lead}{name}\s*{day}", dates.in_month(number)
    first = rf"(?:del?\s+|do\s+dia\s+|dia\s+|el\s+)?(?P<d>{DAY}){_ORD}{_UNIT}{_YEAR}"
    for number, name in words.months(in_full=True):
        yield rf"{_W}{name}\s+{first}", dates.in_month(number)


def _named_days(language: str) -> Iterator[Written]:
    digits = r"(?=\d|[a-z]+\W*(?:$|de|of|y|e|and|a|al|to))"
    with_day = rf"(?:,?\s+(?:(?:dia|the|el)\s+)?{digits}(?P<d>{DAY}){_ORD}{_UNIT})?"
    for number, name in words.weekdays(language):
        noun = r"(?<!uma )(?<!aquela )(?<!vossa )(?<!numa )(?<!sua )(?<!duma )"
        early = r"(?P<early>a week (?:on |this |next )?)?"
        head = rf"{_W}{noun}{early}(?:(?:el|the|la|a|o|na|no)\s+)?(?:{_PRE})?"
        name = rf"{name}(?! (?:via|vez|opcao|opcion|parte|pessoa|cama|noite|noche|quinzena)\b)"
        later = r"(?P<later>\s+(?:week(?!end)|en ocho|a oito|fortnight))?"
        yield rf"{head}{name}{with_day}{later}(?:{_OTHER}|{_POST})", dates.weekday(number)


def _weekend() -> Written:
    nth = "|".join(sorted(dates.NTH, key=len, reverse=True))
    month = "|".join(rf"(?P<m{number}>{name})" for number, name in words.months())
    of_day = rf"(?:del dia|do dia|of the|del|do|of)\s+(?P<d>{DAY}){_ORD}{_UNIT}"
    of_month = rf"(?:de|do|of|in|em|en)\s+(?:{month}){_YEAR}"
    head = rf"(?:(?:el|the|o|no|a)\s+)?(?:{_PRE})?(?:(?P<nth>{nth})\s+)?"
    tail = rf"(?:\s+{of_day})?(?:\s+{of_month})?(?:{_OTHER}|{_POST})"
    return rf"{_W}{head}{_WEEKEND}{tail}", dates.weekend


def _months_marked() -> str:
    return "|".join(rf"(?P<m{number}>{name})" for number, name in words.months())


def _parts() -> Iterator[Written]:
    nth = r"(?P<nth>primer[ao]?|primeir[ao]|first|segund[ao]|second|tercer[ao]?|terceir[ao]|third|"
    nth += r"cuarta|quarta|fourth|ultim[ao]|last|1ra|2da|1a|2a|3ra)"
    what = r"(?:(?P<half>quincena|quinzena|fortnight|mitad|metade|half)|semana|week)"
    of = r"(?:del?|do|da|of|in)(?: mes de)?"
    yield (
        (
            rf"{_W}(?:(?:la|a|the|na|en la|"
            rf"in the)\s+)?{nth}\s+{what}\s+{of}\s+(?:{_months_marked()})"
        ),
        dates.part_of_month,
    )


def _nth_weekdays(language: str) -> Iterator[Written]:
    nth = "|".join(sorted(dates.NTH, key=len, reverse=True))
    of = r"(?:del?|do|da|of|in)(?: mes de)?"
    for number, name in words.weekdays(language):
        yield (
            (
                rf"{_W}(?:(?:el|o|a|the|na|no)\s+)?(?P<nth>{nth}|primeira|ultima)\s+{name}\s+{of}\s+"
                rf"(?:{_months_marked()})"
            ),
            dates.nth_weekday(number),
        )


def _week_of() -> Written:
    head = r"(?:la |na |a |the )?(?:semana|week)\s+(?:del|do|da|of|de)(?:\s+(?:dia|the|el))?"
    month = rf"(?:\s*(?:de|of)?\s*(?:{_months_marked()}))?"
    return rf"{_W}{head}\s+(?P<d>{DAY}){_ORD}{_UNIT}{month}", dates.week_of


def _bridge() -> Written:
    long = (
        r"puente(?! de la constitucion)|finde largo|fin de semana largo|feriadao|feriadon|"
        r"feriado prolongado|(?<=el )feriado|(?<=este )feriado|(?<=no )feriado|"
        r"feriado(?= (?:del?|do|da) )|fim de semana prolongado|long weekend|ponte|"
        r"bank holiday(?: weekend)?"
    )
    return rf"{_W}(?:el |o |the |este |no )?(?:{long})(?!\w)", dates.bridge


def _bare() -> Written:
    article = (
        r"(?P<art>(?:el(?: mismo| propio)?|o dia|el dia|the(?: day)?|no dia|dias?|os dias|"
        r"los dias|days?|del dia|al dia)"
        r"\s+)"
    )
    clock = r"(?<!\blas )(?<!\bas )(?<!\bat )"
    month = (
        r"(?:\s+(?:del?|do|of)\s+(?:(?P<next>(?:proximo mes|mes que vien?e|mes que vem|next month|"
        r"mes siguiente|mes proximo))|(?P<this>este mes|deste mes|this month|mes corriente|"
        r"presente mes))(?!\w))?"
    )
    day = rf"(?P<d>{DAY})(?P<ord>st|nd|rd|th|\.?o(?=\W|$))?(?![\w])"
    return rf"{_W}{clock}{article}?{day}{_UNIT}{month}", dates.bare


@dataclass(frozen=True, kw_only=True, slots=True)
class _Group:
    """Patterns of which none can be found where `gate` is not."""

    gate: re.Pattern[str]
    patterns: tuple[tuple[re.Pattern[str], Maker], ...]


@lru_cache(maxsize=8)
def _groups(language: str) -> tuple[_Group, ...]:
    """All patterns, in the order in which they claim text."""
    days = "|".join(name for _, name in words.weekdays(language))
    months = "|".join(name for _, name in words.months())
    feasts = "|".join(
        [name for _, name in words.feasts()]
        + [name for _, name in words.movable_feasts()]
        + [name for _, name in words.nth_feasts()]
    )
    anything = "[a-z0-9]"
    return (
        _group(r"\d", _numeric(language)),
        _group(anything, _relative()),
        _group(feasts, _feasts()),
        _group(days, _nth_weekdays(language)),
        _group(months, _parts()),
        _group(anything, iter((_bridge(), _weekend(), _week_of()))),
        _group(anything, _lengths()),
        _group(months, _named_months(language)),
        _group(days, _named_days(language)),
        _group(anything, iter((_bare(),))),
    )


def _group(gate: str, written: Iterator[Written]) -> _Group:
    patterns = tuple((re.compile(pattern), make) for pattern, make in written)
    return _Group(gate=re.compile(gate), patterns=patterns)


@lru_cache(maxsize=8)
def marks(text: str, language: str) -> tuple[Mark, ...]:
    """The first marks in folded text, in order, none overlapping. Two readers ask for the same."""
    free = text
    found: list[Mark] = []
    for group in _groups(language):
        if not group.gate.search(free):
            continue
        for pattern, make in group.patterns:
            for match in islice(pattern.finditer(free), MOST_MARKS):
                mark = make(match)
                if mark is not None:
                    found.append(mark)
                    free = free[: mark.start] + MASK * (mark.end - mark.start) + free[mark.end :]
    return tuple(sorted(found, key=lambda mark: mark.start)[:MOST_MARKS])


def lone_month(text: str, found: Sequence[Mark]) -> int | None:
    """The one month that is named apart from all marks: "en marzo, del 11 al 15"."""
    free = mask(text, [(mark.start, mark.end) for mark in found])
    lead = r"(?:en|em|de|in|of|for|para|a|por|do|del|on)"
    named = [
        number
        for number, name in words.months(in_full=True)
        if re.search(rf"(?<!\w){lead}\s+(?:el mes de\s+|o mes de\s+)?{name}", free)
    ]
    return named[0] if len(named) == 1 else None


def next_week_said(text: str) -> bool:
    return re.search(rf"{_W}{_NEXT_WEEK}(?!\w)", text) is not None
