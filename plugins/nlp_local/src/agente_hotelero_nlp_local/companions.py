"""People that are named instead of counted: "mi marido, mi suegra y yo", "dos parejas". Pure, over
folded text."""

from __future__ import annotations

import re

from agente_hotelero_nlp_local.numerals import NUMBER, value

_W = r"(?<![\w¤])"
_MINE = r"(?:mi|mis|meus?|minhas?|my|nuestr[oa]s?|noss[oa]s?|our|tu|su|her|his|sua|seu)"
_GROWN = (
    r"espos[oa]s?|marido|mujer|parejas?|novi[oa]s?|companer[oa]s?|mulher|namorad[oa]s?|"
    r"companheir[oa]s?|husband|wife|partner|boyfriend|girlfriend|fiancee?|prometid[oa]|"
    r"ma(?:ma|dre|e|mae)s?|pa(?:pa|dre|i)s?|mother|father|mom|mum|dad|suegr[oa]s?|sogr[oa]s?|"
    r"herman[oa]s?|irmao?s?|irmas?|sister|brother|cunad[oa]s?|cunhad[oa]s?|ti[oa]s?|aunt|uncle|"
    r"abuel[oa]s?|abuelit[oa]s?|avos?|avo|grandma|grandpa|grandmother|grandfather|amig[oa]s?|"
    r"friends?|coleg[oa]s?|colleagues?|prim[oa]s?|cousins?|vecin[oa]s?|vizinh[oa]s?|jef[ea]|boss|"
    r"sobrin[oa]s?|nuer[oa]|nora|yerno|genro|senora|viej[oa]s?|patroa|roommate|family friend"
)
_PLURAL = r"(?:padres|pais|parents|abuelos|avos|suegros|sogros|tios|hermanos|irmaos|grandparents)"
_COUNTED = rf"{_W}(?P<n>{NUMBER})\s+(?P<who>{_GROWN})\b"
_NAMED = rf"{_W}{_MINE}\s+(?:\w+\s)?(?P<who>{_GROWN})\b"
_I = (
    r"\b(?:,?\s*yo\s*,|y\s+yo|yo\s+y|yo,|(?:and|&)\s+(?:i|me|myself)|(?:me|i)\s+and|(?:me|i),|me\s*\+|"
    r"e\s+eu|eu\s+e|eu,|eu\s*\+|yo\s*\+|\+\s*(?:yo|eu|me)|mas\s+yo|conmigo|comigo|with me)(?!\w)"
)
_WITH = r"\b(?:con|com|with)\s+(?:\w+\s+)?$"
_TRAVEL = (
    r"\b(?:viaj\w+|voy|vou|va[mo]+s|ire|iremos|vengo|venimos|travel\w*|coming|going|com minha)\b"
)
# In whose name a booking stands says nothing of who sleeps there.
_IN_NAME = (
    r"(?:\b(?:nombre|nome|name)(?: (?:de|da|do|of|la|a|the|reserv\w+|booking|para|pra|to|for))*|"
    r"\bunder)\s+$"
)
_OF_NAME = r"(?:'?s)? name\b"
_OTHERS = r"\b(?:para|pra|for|de|of)\s+(?:los\s+|os\s+)?$"
_COUPLES = (
    rf"{_W}(?:(?P<n>{NUMBER})\s+)?(?:matrimonios?(?!\s+amigo\b)|parejas?|casal|casais|couples?)\b"
    r"(?!\s*(?:mas|de camas|bed))"
)
_TWO = (
    r"(?:the two of us|nosotr[oa]s dos|nos dois|nos duas|us two|(?<!en )\blos dos\b|as duas|"
    r"both of us|en pareja|papa y mama|mama y papa|(?:el\s+)?padre y (?:la\s+)?madre|pai e mae|"
    r"pai, mae|mae e pai|mom and dad|mum and dad)(?!\w)"
)
_PARENTS = rf"{_W}{_PLURAL}\b(?=\s*(?:y|e|and|\+|con|com|with)\s+[\w¤])"


def grown(text: str) -> tuple[int, list[tuple[int, int]]] | None:
    """How many adults are named, whoever writes included, and where."""
    for count in (couples, _relatives):
        found = count(text)
        if found is not None:
            return found
    return None


def speaker(text: str) -> tuple[int, int] | None:
    """Where the guest says that they come too: "somos eu e meu filho"."""
    match = re.search(_I, text)
    return match.span() if match else None


def couples(text: str) -> tuple[int, list[tuple[int, int]]] | None:
    """Two for every couple: "dos parejas", "somos un matrimonio con 2 hijos"."""
    for pattern in (_TWO, _COUPLES):
        match = re.search(pattern, text)
        if match:
            number = match.groupdict().get("n")
            return 2 * (value(number) if number else 1), [match.span()]
    return None


def _relatives(text: str) -> tuple[int, list[tuple[int, int]]] | None:
    counted = [(value(match["n"]), match) for match in re.finditer(_COUNTED, text)]
    named = [
        (2 if re.fullmatch(_PLURAL, match["who"]) else 1, match)
        for match in re.finditer(_NAMED, text)
        if not _names_a_booking(match, text)
    ]
    if not counted and not named:
        pair = re.search(_PARENTS, text)
        return (2, [pair.span()]) if pair else None
    found = sorted([*counted, *named], key=lambda one: one[1].start())
    before = text[: found[0][1].start()]
    me = speaker(text) is not None or (
        re.search(_OTHERS, before) is None and (bool(named) or _with_them(before))
    )
    spans = [match.span() for _, match in found]
    return sum(count for count, _ in found) + me, spans


def _names_a_booking(match: re.Match[str], text: str) -> bool:
    before, after = text[: match.start()], text[match.end() :]
    return re.search(_IN_NAME, before) is not None or re.match(_OF_NAME, after) is not None


def _with_them(before: str) -> bool:
    """ "Me voy de viaje con tres amigas": whoever travels with others comes too."""
    return re.search(_WITH, before) is not None or re.search(_TRAVEL, before) is not None
