"""Names of months, weekdays and feasts in the three languages (folded), as pattern text."""

from __future__ import annotations

_MONTHS = (
    "enero|ene|janeiro|january|jan",
    "febrero|feb|fevereiro|fev|february",
    "marzo|marco|march|mar",
    "abril|abr|april|apr",
    "mayo|maio|may|mai",
    "junio|junho|june|jun",
    "julio|julho|july|jul",
    "agosto|ago|august|aug",
    "septiembre|setiembre|setembro|september|sept|sep|set",
    "octubre|outubro|october|oct|out(?!\\s+(?:on|the|of|by|at)\\b)",
    "noviembre|novembro|november|nov",
    "diciembre|dezembro|december|dec|dic|dez",
)
_ENGLISH_TEXT = (
    "january|jan february|feb march|mar april|apr may june|jun july|jul august|aug "
    "september|sept|sep october|oct november|nov december|dec"
)
_ENGLISH = _ENGLISH_TEXT.split()
_WEEKDAYS = (
    "lunes|lun|monday|mon",
    "martes|tuesday|tues|tue",
    "miercoles|mier|wednesday|wed",
    "jueves|jue|thursday|thurs|thur|thu",
    "viernes|vie|friday|fri",
    "sabado|sab|saturday|sat",
    "domingo|dom|sunday",
)
_FEIRAS = ("segunda|2a", "terca|3a", "quarta|4a", "quinta|5a", "sexta|6a")
_FEASTS = (
    ("noche ?buena|vispera de navidad|vespera de natal|christmas eve|xmas eve", (24, 12)),
    ("navidad|natal|christmas(?: day)?|xmas", (25, 12)),
    (
        "noche ?vieja|fin de ano|fim de ano|vispera de ano nuevo|vespera de ano novo|reveillon|"
        "virada do ano|new year'?s eve|new years eve|nye",
        (31, 12),
    ),
    ("ano nuevo|ano novo|new year'?s(?: day)?|new year", (1, 1)),
    ("dia de reyes|reyes|dia de reis|epiphany", (6, 1)),
    ("san valentin|valentine'?s(?: day)?", (14, 2)),
    ("halloween", (31, 10)),
)
_MOVABLE = (
    ("carnaval|carnival|mardi gras", -50),
    ("semana santa|holy week|viernes santo|sexta-feira santa|good friday", -2),
    ("pascuas?|pascoa|easter(?: sunday)?", 0),
)


def _words(alternatives: str) -> str:
    return rf"(?:{alternatives})(?!\w)\.?"


MONTH = "(?:" + "|".join(_words(names) for names in _MONTHS) + ")"


def _sorted(alternatives: str) -> str:
    return "|".join(sorted(alternatives.split("|"), key=len, reverse=True))


def months(english_only: bool = False) -> tuple[tuple[int, str], ...]:
    """Number and pattern of each month."""
    names = _ENGLISH if english_only else _MONTHS
    return tuple((number, _words(name)) for number, name in enumerate(names, start=1))


def weekdays(language: str) -> tuple[tuple[int, str], ...]:
    """Number (Monday is 0) and pattern of each weekday.

    Portuguese "segunda" and its like also mean "second": without "-feira" only in Portuguese.
    """
    feira = r"[- ]?feira" if language != "pt" else r"(?:[- ]?feira)?"
    found = []
    for number, names in enumerate(_WEEKDAYS):
        extra = f"|(?:{_FEIRAS[number]}){feira}" if number < len(_FEIRAS) else ""
        found.append((number, rf"(?:{names}{extra})(?!\w)\.?"))
    return tuple(found)


def feasts() -> tuple[tuple[tuple[int, int], str], ...]:
    """(day, month) and pattern of each feast with a fixed date."""
    return tuple((when, _words(_sorted(names))) for names, when in _FEASTS)


def movable_feasts() -> tuple[tuple[int, str], ...]:
    """Days from Easter Sunday, and pattern, of each feast that moves."""
    return tuple((offset, _words(_sorted(names))) for names, offset in _MOVABLE)
