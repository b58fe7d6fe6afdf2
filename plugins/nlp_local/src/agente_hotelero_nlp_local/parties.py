"""Who travels: adults, children and their ages. Pure, over folded text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from agente_hotelero.messages import PartyHint

from agente_hotelero_nlp_local.numerals import COUNT, NUMBER, value
from agente_hotelero_nlp_local.text import mask

Span = tuple[int, int]
OLDEST_CHILD = 17
_W = r"(?<![\w¤])"
_ADULTS = r"(?:adult[oa]?s?|mayores|adts?|adt)\b"
_PEOPLE = (
    r"(?:personas?|pers|pax|pessoas?|people|persons?|guests?|huespede?s?|hospede?s?|viajeros?|"
    r"travell?ers?|of us)\b"
)
_CHILD = (
    r"(?:nin[oa]s?|nen[ea]s?|chic[oa]s?|chiquit[oa]s?|hij[oa]s?|menor(?:es)?|bebes?|criancas?|"
    r"filh[oa]s?|meninos?|meninas?|kids?|child(?:ren)?|toddlers?|bab(?:y|ies)|infants?|sons?|"
    r"daughters?|boys?|girls?|crios?|peques?)\b"
)
_MINE = r"(?:mi|mis|meu|meus|minha|minhas|my|nuestr[oa]s?|noss[oa]s?|our)"
_YEARS = r"(?:anos?|anitos?|aninhos?|years?|yrs?|yo)\b"
_MONTHS = r"(?:mes(?:es)?|months?)\b"
_NUMBERS = r"\d{1,2}(?:\s*(?:,|y|e|and|&|anos y|anos e)\s*\d{1,2})*"
_AGES_BESIDE = rf"{_W}{_CHILD}\s*(?:\(|de|com|con|aged)\s*(?P<n>{_NUMBERS})(?!\w|\s*{_YEARS})"
_GROUP = (
    rf"(?:somos|seriamos|seremos|vamos|iriamos|viajamos|vamos a ser|van a ser|vamos ser|vao ser|"
    rf"estaremos|estariamos|we are|we're|"
    rf"we will be|there (?:are|will be)|we'll be|nos(?:otros)?|son|sao|serao|seriam|seran)\s+"
    rf"(?:solo |so |apenas |only |just )?(?P<n>{COUNT})(?!\s*(?:noche|noite|night|dia|day|hab|"
    rf"quarto|cuarto|room))"
)
_FOR = (
    rf"(?:para|pra|pa'?|p/|for|x)\s*(?:nosotros |nos |us |solo |so |only |just )?(?P<n>{COUNT})"
    rf"(?!\s*(?:\w*\s*)?(?:noche|noite|night|dia|day|semana|week|hab|quarto|cuarto|room|(?:de|of)\b(?!\s*¤)|"
    rf"[/:.-]\d|hora|hour|am\b|pm\b|th\b|st\b|nd\b|rd\b))"
)
_COUPLE = (
    r"(?:mi|meu|minha|my)\s+(?:espos[oa]|marido|mujer|pareja|novi[oa]|companer[oa]|"
    r"mulher|namorad[oa]|companheir[oa]|husband|wife|partner|boyfriend|girlfriend)\b|"
    r"\b(?:una pareja|en pareja|um casal|casal|couple|the two of us|nosotros dos|nos dois|us two|"
    r"los dos|as duas|both of us)\b"
)
_ALONE = (
    r"(?:solo (?:yo|para mi)|sol[oa] yo|yo sol[oa]|(?:viajo|voy) sol[oa]|so eu|so para mim|"
    r"(?:viajo|vou) sozinh[oa]|sozinh[oa]|just me|only me|(?:for )?myself|just for me|by myself|"
    r"para mi sol[oa])\b"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PartyRead:
    """What was said of people, and where."""

    hint: PartyHint
    spans: tuple[Span, ...]


@dataclass(slots=True)
class _Reading:
    """Text from which every pattern takes its matches away."""

    text: str
    spans: list[Span]

    def take(self, pattern: str) -> Iterator[re.Match[str]]:
        for match in list(re.finditer(pattern, self.text)):
            self.text = mask(self.text, [match.span()])
            self.spans.append(match.span())
            yield match


def read(text: str, awaited: str = "") -> PartyRead | None:
    """The party in folded text without its dates.

    `awaited` is "party" or "ages" when just that was asked: then bare numbers count.
    """
    reading = _Reading(text, [])
    ages = _ages(reading, everything=awaited == "ages")
    children = _children(reading)
    adults = _adults(reading)
    if adults is None and not ages and children is None and awaited == "party":
        adults = _bare(reading)
    if ages and children is None and awaited != "ages":
        children = len(ages)
    if adults is None and children is None and not ages:
        return None
    hint = PartyHint(adults=adults, children=children, child_ages=ages)
    return PartyRead(hint=_consistent(hint), spans=tuple(sorted(reading.spans)))


def _consistent(hint: PartyHint) -> PartyHint:
    if hint.children is not None and len(hint.child_ages) > hint.children:
        return replace(hint, children=len(hint.child_ages))
    return hint


def _ages(reading: _Reading, *, everything: bool) -> tuple[int, ...]:
    found: list[int] = []
    for match in reading.take(rf"{_W}(?P<n>{NUMBER})\s*-?\s*{_MONTHS}(?:\s+(?:de edad|old))?"):
        found.append(value(match["n"]) // 12)
    years = rf"{_W}(?:de |com |con |tiene |tem |aged |ages? )?(?P<n>{_NUMBERS})\s*-?\s*{_YEARS}"
    for match in reading.take(rf"{years}(?:[\s-]*(?:old|de edad|de idade))?"):
        found += [int(number) for number in re.findall(r"\d+", match["n"])]
    for match in reading.take(rf"{_W}(?P<n>{COUNT})\s*-?\s*{_YEARS}"):
        found.append(value(match["n"]))
    for match in reading.take(rf"{_W}(?:aged?|edades|idades|ages)\s*:?\s*(?P<n>{_NUMBERS})(?!\w)"):
        found += [int(number) for number in re.findall(r"\d+", match["n"])]
    for match in list(re.finditer(_AGES_BESIDE, reading.text)):
        span = match.span("n")
        reading.text = mask(reading.text, [span])
        reading.spans.append(span)
        found += [int(number) for number in re.findall(r"\d+", match["n"])]
    if everything and not found:
        found += [value(match["n"]) for match in reading.take(rf"{_W}(?P<n>{COUNT})(?!\w)")]
    return tuple(age for age in found if age <= OLDEST_CHILD)


def _children(reading: _Reading) -> int | None:
    none = rf"{_W}(?:sin|sem|no|without|ningun|nenhum[a]?)\s+{_CHILD}"
    if any(True for _ in reading.take(none)):
        return 0
    counts = [
        value(match["n"]) for match in reading.take(rf"{_W}(?P<n>{NUMBER})\s+(?:\w+\s)?{_CHILD}")
    ]
    counts += [1 for _ in reading.take(rf"{_W}{_MINE}\s+(?:\w+\s)?{_CHILD}(?<!s)")]
    counts += [1 for _ in reading.take(rf"{_W}(?:el|la|a|o|the)\s+(?:bebe|crianca|nene|baby)\b")]
    return sum(counts) if counts else None


def _adults(reading: _Reading) -> int | None:
    said = rf"{_W}(?P<n>{NUMBER})\s+(?:{_ADULTS}|{_PEOPLE})"
    counts = [value(match["n"]) for match in reading.take(said)]
    if counts:
        return sum(counts)
    for pattern in (_GROUP, _FOR):
        groups = [value(match["n"]) for match in reading.take(rf"{_W}{pattern}")]
        if groups:
            return max(groups)
    if any(True for _ in reading.take(rf"{_W}(?:{_COUPLE})")):
        return 2
    if any(True for _ in reading.take(rf"{_W}(?:{_ALONE})")):
        return 1
    return None


def _bare(reading: _Reading) -> int | None:
    """A lone number, such as the whole answer to "for how many?"."""
    counts = [value(match["n"]) for match in reading.take(rf"{_W}(?P<n>{COUNT})(?!\w)")]
    return counts[0] if len(counts) == 1 and counts[0] > 0 else None
