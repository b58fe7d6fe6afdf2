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
    "octubre|outubro|october|oct|out(?!\\s+(?:on|the|of|by|at)\\b|\\W*(?!20\\d\\d)\\d)",
    "noviembre|novembro|november|nov",
    "diciembre|dezembro|december|dec|dic|dez",
)
_ENGLISH_TEXT = (
    "january|jan february|feb march|mar april|apr may june|jun july|jul august|aug "
    "september|sept|sep october|oct november|nov december|dec"
)
_ENGLISH = _ENGLISH_TEXT.split()
_FULL = tuple(
    "|".join(name for name in names.split("|") if name.isalpha() and len(name) > 3)
    for names in _MONTHS
)
_WEEKDAYS = (
    "lunes|lun|monday|mon",
    "martes|tuesday|tues|tue",
    "miercoles|mier|wednesday|wed",
    "jueves|jue|thursday|thurs|thur|thu",
    "viernes|vie|friday|fri",
    "sabado|sab|saturday|sat",
    "domingo|dgo|dom(?=\\W*(?:\\d|$|[,.;/]|(?:a|al|ate|hasta|y|e|p)\\b|-))|sunday",
)
_FEIRAS = ("segunda|2a", "terca|3a", "quarta|4a", "quinta|5a", "sexta|6a")
_PT_SHORT = ("seg", "ter", "qua", "qui", "sex")
# "Ter" is also "to have": an abbreviation counts where a date goes on.
_SHORT_GOES_ON = r"\.?\W*(?:\d|[,/]|$|(?:a|ate|p|e s\w+)\b)"
_FEASTS = (
    ("boxing day", (26, 12)),
    ("inmaculada(?: concepcion)?|dia de la inmaculada", (8, 12)),
    ("dia de la constitucion|puente de la constitucion", (6, 12)),
    ("todos los santos|todos os santos|all saints(?:'? day)?", (1, 11)),
    ("dia de (?:los )?muertos|finados|dia de finados", (2, 11)),
    (
        "dia de la hispanidad|dia del pilar|el pilar|dia de la raza|nossa senhora aparecida",
        (12, 10),
    ),
    ("independence day|fourth of july|july fourth|july 4th", (4, 7)),
    ("san juan|sao joao", (24, 6)),
    ("dia dos namorados", (12, 6)),
    ("dia del trabajo|dia del trabajador|dia do trabalho(?:ador)?|may day", (1, 5)),
    ("tiradentes", (21, 4)),
    ("san patricio|st\\.? patrick'?s(?: day)?", (17, 3)),
    ("veterans day", (11, 11)),
    ("proclamacao da republica", (15, 11)),
    ("consciencia negra", (20, 11)),
    ("noche ?buena|vispera de navidad|vespera de natal|christmas eve|xmas eve", (24, 12)),
    ("navidad|natal|christmas(?: day)?|xmas", (25, 12)),
    (
        "noche ?vieja|fin de ano|fim de ano|vispera de ano nuevo|vespera de ano novo|reveillon|"
        "virada(?: do ano)?|passagem de ano|fin de ano|new year'?s eve|new years eve|nye",
        (31, 12),
    ),
    ("ano nuevo|ano novo|new year'?s(?: day)?|new year", (1, 1)),
    ("dia de reyes|reyes|dia de reis|epiphany", (6, 1)),
    ("san valentin|valentine'?s(?: day)?", (14, 2)),
    ("halloween", (31, 10)),
)
_MOVABLE = (
    ("lunes de carnaval|segunda(?:-feira)? de carnaval", -48),
    ("martes de carnaval|terca(?:-feira)? de carnaval|shrove tuesday|pancake day", -47),
    ("miercoles de ceniza|quarta(?:-feira)? de cinzas|ash wednesday", -46),
    ("carnaval|carnival|mardi gras", -50),
    ("domingo de ramos|palm sunday", -7),
    ("jueves santo|quinta(?:-feira)? santa|maundy thursday", -3),
    ("semana santa|holy week|viernes santo|sexta(?:-feira)? santa|good friday", -2),
    ("sabado santo|sabado de gloria|sabado de aleluia", -1),
    ("lunes de pascua|segunda de pascoa|easter monday", 1),
    ("domingo de (?:pascua|resurreccion|pascoa)|pascuas?|pascoa|easter(?: sunday)?", 0),
    ("ascension|dia de la ascension", 39),
    ("corpus christi", 60),
)
# Feasts on the nth such weekday of a month (-1: the last): (month, nth, weekday, days after).
_NTH = (
    ("thanksgiving(?: day)?|dia de accion de gracias|accion de gracias", (11, 4, 3, 0)),
    ("black friday|viernes negro", (11, 4, 3, 1)),
    ("memorial day", (5, -1, 0, 0)),
    ("labor day", (9, 1, 0, 0)),
    ("mlk day|martin luther king day", (1, 3, 0, 0)),
    ("presidents'? day", (2, 3, 0, 0)),
)


def _words(alternatives: str) -> str:
    return rf"(?:{alternatives})(?!\w)\.?"


MONTH = "(?:" + "|".join(_words(names) for names in _MONTHS) + ")"


def months(*, english_only: bool = False, in_full: bool = False) -> tuple[tuple[int, str], ...]:
    """Number and pattern of each month, its short names included unless `in_full`."""
    names = _ENGLISH if english_only else _FULL if in_full else _MONTHS
    return tuple((number, _words(name)) for number, name in enumerate(names, start=1))


def weekdays(language: str) -> tuple[tuple[int, str], ...]:
    """Number (Monday is 0) and pattern of each weekday.

    Portuguese "segunda" and its like also mean "second": without "-feira" only in Portuguese.
    """
    feira = r"[- ]?feira" if language != "pt" else r"(?:[- ]?feira)?"
    found = []
    short = rf"(?={_SHORT_GOES_ON})" if language == "pt" else "(?!)"
    for number, names in enumerate(_WEEKDAYS):
        extra = f"|(?:{_FEIRAS[number]}){feira}" if number < len(_FEIRAS) else ""
        extra += f"|{_PT_SHORT[number]}{short}" if number < len(_PT_SHORT) else ""
        found.append((number, rf"(?:{names}{extra})(?!\w)\.?"))
    return tuple(found)


def feasts() -> tuple[tuple[tuple[int, int], str], ...]:
    """(day, month) and pattern of each feast with a fixed date."""
    return tuple((when, _words(names)) for names, when in _FEASTS)


def movable_feasts() -> tuple[tuple[int, str], ...]:
    """Days from Easter Sunday, and pattern, of each feast that moves."""
    return tuple((offset, _words(names)) for names, offset in _MOVABLE)


def nth_feasts() -> tuple[tuple[tuple[int, int, int, int], str], ...]:
    """(month, nth, weekday, days after), and pattern, of each feast of a weekday."""
    return tuple((when, _words(names)) for names, when in _NTH)
