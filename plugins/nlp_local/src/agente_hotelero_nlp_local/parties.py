"""Who travels: adults, children and their ages. Pure, over folded text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from agente_hotelero.messages import PartyHint

from agente_hotelero_nlp_local import companions
from agente_hotelero_nlp_local.numerals import COUNT, DIGITS, NUMBER, value
from agente_hotelero_nlp_local.text import mask

Span = tuple[int, int]
OLDEST_CHILD = 17
_W = r"(?<![\w¤])"
_ADULTS = r"(?:adult[oa]?s?|mayores(?! de)|grandes(?= y)|adts?|adt|ad)\b"
_PEOPLE = (
    r"(?:personas?|pers|pax|pessoas?|people|persons?|guests?|huespede?s?|hospede?s?|viajeros?|"
    r"travell?ers?|of us|invitados?|convidados?)\b"
)
_CHILD = (
    r"(?:nin[oa]s?|nen[ea]s?|chic[oa]s?|chiquit[oa]s?|hij[oa]s?|hijit[oa]s?|filhinh[oa]s?|menor(?:es)?|bebes?|criancas?|"
    r"filh[oa]s?|meninos?|meninas?|kids?|child(?:ren)?|toddlers?|bab(?:y|ies)|infants?|sons?|"
    r"daughters?|boys?|girls?|crios?|peques?|pequenit[oa]s?|chd|chld|guagua|bendicion(?:es)?|"
    r"niet[oa]s?|net[oa]s?|grandkids|grandchildren|grandson|granddaughter|gemel[oa]s|gemeos|gemeas|"
    r"mellizos|twins?(?= (?:girls|boys))|nenito|nenita|bebita|bebito|beba|adolescentes?|teens?|"
    r"teenagers?|muchachit[oa]s?|chamacos?|escuincles?|chavalit?[oa]s?)\b"
)
# "Dos perros chiquitos" are not children.
_ANIMAL = r"(?:perr|gat|mascota|cachorr|cao|caes|dog|cat|pet|animal)"
_POLICY = (
    rf"{_W}(?:l[oa]s |os |as )?(?:{_CHILD})?\s*(?:menor(?:es)?|mayor(?:es)?|maior(?:es)?|hasta|"
    rf"ate|under|"
    r"over|up to|below|abaixo|acima|por debajo|aged? (?:under|over))\s+(?:de |of |the age of |"
    r"os |los )?"
    r"\d{1,2}(?:\s*(?:anos?|years?))?(?:\s+(?:de edad|old))?"
)
_ONLY_TWINS = r"(?<![\w¤])(?:gemel[oa]s|gemeos|gemeas|mellizos|twins?(?= (?:girls|boys|aged|of)))\b"
_TWINS = r"(?:gemel[oa]s|gemeos|gemeas|mellizos|(?:my|our) twins|twins?(?= (?:girls|boys|aged|of)))"
_MINE = r"(?:mi|mis|meu|meus|minha|minhas|my|nuestr[oa]s?|noss[oa]s?|our)"
_YEARS = r"(?:anos?|anitos?|aninhos?|years?|yrs?|yo)\b"
_MONTHS = r"(?:mes(?:es)?|months?)\b"
_NUMBERS = r"\d{1,2}(?:\s*(?:,|y|e|and|&|anos y|anos e)\s*\d{1,2})*"
_AGE_BESIDE = (
    rf"{_CHILD}\s+(?:de|com|con|aged|of)\s+(?P<n>{COUNT})(?!\w)(?!\s*(?:dias|noches|noites))"
)
_AGE_OF_OTHER = rf"\b(?:otr[oa]|outr[oa])\s+de\s+(?P<n>{COUNT})(?!\w)"
_AGES_HAD = rf"{_CHILD}\s+(?:tienen|tem|have|are|son)\s+(?P<n>{_NUMBERS})(?!\w)"
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
_AMONG = (
    r"\s*[,:(]?\s*(?:(?:y\s+)?de (?:los|las) (?:que|cuales)|sendo|siendo|incluid\w+|incluyendo|"
    r"incluindo|including|of whom|of which|entre ellos|entre eles|ojo que|dos quais|das quais|"
    r"(?<=,\s))"
)
_FAMILY = rf"{_W}(?:family|familia)\s+(?:of|de)\s+(?P<n>{COUNT})(?!\w)"
_HAS = (
    r"\b(?:tiene|tem|she'?s|he'?s|cumple|tendra|fez|hace)\s+"
    r"(?P<n>\d{1,2})(?!\w|\s*(?:\w+ )?(?:noches|nights))"
)
_CORRECTED = (
    r"\b(?:quer dizer|quiero decir|digo|i mean|so|en total|no total|in total|ahora|agora|now|antes|"
    r"before|perdon|mejor|em vez|en vez|instead)\b"
)
_ALONE = (
    r"(?:solo (?:yo|para mi)|sol[oa] yo|yo sol[oa]|(?:viajo|voy|vengo|vamos|vou) (?:sol|solit|"
    r"sozinh)[oa]|"
    r"i (?:come|travel|am travelling) alone|so eu|so para mim|"
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

    def take_number(self, pattern: str) -> Iterator[re.Match[str]]:
        """The same, but of each match only its number is taken away."""
        for match in list(re.finditer(pattern, self.text)):
            self.text = mask(self.text, [match.span("n")])
            self.spans.append(match.span("n"))
            yield match


def read(text: str, awaited: str = "") -> PartyRead | None:
    """The party in folded text without its dates.

    `awaited` is "party" or "ages" when just that was asked: then bare numbers count.
    """
    reading = _Reading(_without_rules(text), [])
    ages = _ages(reading, everything=awaited == "ages")
    children = _children(reading)
    # Nobody is no party: there is somebody who writes.
    adults = _adults(reading, text) or None
    if adults is None and not ages and children is None and awaited == "party":
        adults = _bare(reading)
    if ages and children is None and awaited != "ages":
        children = len(ages)
    if children and not ages:
        ages = _ages_after(reading, children)
    if adults is None and children:
        adults = _in_family(reading, children) or _speaker(reading)
    if adults is None and children is None and not ages:
        return None
    hint = PartyHint(adults=adults, children=children, child_ages=ages)
    return PartyRead(hint=_consistent(hint), spans=tuple(sorted(reading.spans)))


def _without_rules(text: str) -> str:
    """The text without what is asked about children in general: "los menores de 10 no pagan"."""
    return mask(text, [match.span() for match in re.finditer(_POLICY, text)])


def _ages_after(reading: _Reading, children: int) -> tuple[int, ...]:
    """Ages that nothing announces but the number of children: "my two boys, 8 and 12"."""
    for pattern in (rf"¤\s*[,:(]\s*(?:de\s+)?(?P<n>{_NUMBERS})\s*(?=$|[).,;!?])", _HAS):
        for match in re.finditer(pattern, reading.text):
            ages = _numbers(match["n"])
            if len(ages) == children and max(ages) <= OLDEST_CHILD:
                reading.spans.append(match.span("n"))
                return tuple(ages)
    return ()


def _in_family(reading: _Reading, children: int) -> int | None:
    """ "A family of five": all but the children are adults."""
    for match in reading.take(_FAMILY):
        if value(match["n"]) > children:
            return value(match["n"]) - children
    return None


def _speaker(reading: _Reading) -> int | None:
    """ "Eu e meu filho": one adult, who writes."""
    span = companions.speaker(reading.text)
    if span is None:
        return None
    reading.spans.append(span)
    return 1


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
    for pattern in (_AGES_BESIDE, _AGE_BESIDE, _AGES_HAD, _AGE_OF_OTHER):
        for match in reading.take_number(pattern):
            found += _numbers(match["n"])
    if everything:
        bare = rf"{_W}(?P<n>{DIGITS})(?!\w|\s+(?:{_ADULTS}|{_PEOPLE}|{_CHILD}))"
        found += [value(match["n"]) for match in reading.take(bare)]
    found = [age for age in found if age <= OLDEST_CHILD]
    return tuple(found * 2 if len(found) == 1 and re.search(_ONLY_TWINS, reading.text) else found)


def _numbers(text: str) -> list[int]:
    digits = re.findall(r"\d+", text)
    return [int(number) for number in digits] or [value(text)]


def _children(reading: _Reading) -> int | None:
    none = rf"{_W}(?:sin|sem|no|without|ningun|nenhum[a]?)\s+{_CHILD}"
    if any(True for _ in reading.take(none)):
        return 0
    number = rf"{_W}(?P<n>{NUMBER})\s+(?:(?!{_ANIMAL}|y |e |and |l[ao]s? |el |os? )\w+\s)?{_CHILD}"
    counts = [value(match["n"]) for match in reading.take(number)]
    own = rf"{_W}{_MINE}\s+(?:(?!{_ANIMAL})\w+\s)?(?P<who>{_CHILD})"
    counts += [_of_word(match["who"]) for match in reading.take(rf"{own}(?<!(?<!g)s)")]
    other = r"¤\s+(?:\w+\s+)?¤\s*(?:y|e|and)\s+(?:otr[oa]|outr[oa]|another|one)(?=\s+(?:de|of)\b)"
    counts += [1 for _ in reading.take(other)] if counts else []
    counts += [2 for _ in reading.take(rf"{_W}(?:(?:los|as|os|{_MINE})\s+)?{_TWINS}\b")]
    one = r"(?:el|la|a|o|the)\s+(?:bebe|beba|bebita|bebito|crianca|nene|nena|baby|gord[oa])\b"
    counts += [1 for _ in reading.take(rf"{_W}{one}")]
    return sum(counts) if counts else None


def _of_word(word: str) -> int:
    return 2 if re.fullmatch(_TWINS, word) else 1


def _adults(reading: _Reading, text: str) -> int | None:
    """Adults that are counted, else people that are, else those who are named."""
    said = list(
        reading.take(rf"{_W}(?P<n>{NUMBER})\s+{_ADULTS}|{_W}adult\w*\s*:\s*(?P<m>\d{{1,2}})")
    )
    people = list(reading.take(rf"{_W}(?P<n>{NUMBER})\s+{_PEOPLE}"))
    for matches in (said, people):
        if matches:
            counts = [value(_count(match)) for match in matches]
            total = counts[-1] if re.search(_CORRECTED, text) else sum(counts)
            return total if matches is said else _without_children(total, matches[-1], text)
    couples = companions.couples(reading.text)
    if couples is not None:
        reading.spans += couples[1]
        return couples[0]
    for pattern in (_GROUP, _FOR):
        groups = [value(match["n"]) for match in reading.take(rf"{_W}{pattern}")]
        if groups:
            return max(groups)
    named = companions.grown(reading.text)
    if named is not None:
        reading.spans += named[1]
        return named[0]
    if any(True for _ in reading.take(rf"{_W}(?:{_ALONE})")):
        return 1
    return None


def _count(match: re.Match[str]) -> str:
    return match["n"] or match.groupdict().get("m") or "0"


def _without_children(people: int, said: re.Match[str], text: str) -> int:
    """ "5 personas, de las que 2 son niños": the children are among the people."""
    among = re.match(
        rf"{_AMONG}\s*(?P<n>{NUMBER})\s+(?:son |sao |are )?{_CHILD}", text[said.end() :]
    )
    return people - value(among["n"]) if among and value(among["n"]) < people else people


def _bare(reading: _Reading) -> int | None:
    """A lone number, such as the whole answer to "for how many?"."""
    counts = [value(match["n"]) for match in reading.take(rf"{_W}(?P<n>{COUNT})(?!\w)")]
    return counts[0] if len(counts) == 1 and counts[0] > 0 else None
