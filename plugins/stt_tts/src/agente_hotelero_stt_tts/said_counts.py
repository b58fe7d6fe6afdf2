"""Whole numbers in the gender of what is counted, and ordinals. Pure."""

from __future__ import annotations

import re

from agente_hotelero_stt_tts.numerals import before_noun, in_words, one_by_one, ordinal

LONGEST_NUMBER = 7
COUNTED = re.compile(r"(?:(\w+)\.? )?(?<![^\W_])(\d+)\b(?=(?: (\w+))?)")
NUMBERED = re.compile(r"\b[nN]\.?[º°] ?(?=\d)")
ORDINAL = re.compile(
    r"\b(\d{1,2})\.?(st|nd|rd|th|[ºª°]|er|era|ro|ra|do|da|to|ta|mo|ma|vo|va|no|na)\b"
    r"(?=(?: (\w+))?)|\b(\d{1,2})\.?([ºª°])(?=(?: (\w+))?)",
    re.IGNORECASE,
)


def _listed(words: str) -> list[str]:
    return words.split()


# Endings of nouns that are feminine, in the number that 1 and the others ask for.
ONE = {
    "es": r"\w+(?:a|ción|sión|dad|tud|umbre)|noche|llave|clave|clase|parte|vez|mujer|suite|hab",
    "pt": r"\w+(?:a|ção|são|dade|gem|tude)|noite|chave|su[ií]te|vez|mulher|parte"
    r"|classe|manhã|avó|mãe",
}
MANY = {
    "es": r"\w+(?:as|ciones|siones|dades|tudes|umbres)|noches|llaves|claves|clases|partes|veces"
    r"|suites|mujeres|hab|habs",
    "pt": r"\w+(?:as|ções|sões|dades|gens|tudes)|noites|chaves|su[ií]tes|vezes|mulheres"
    r"|partes|classes|manhãs|avós|mães",
}
# Greek and other words in -a that are masculine, and words in -a that are no nouns.
NOT = {
    "es": r"(?:d[ií]a|mapa|sof[aá]|programa|problema|sistema|idioma|tema|clima|\w+ista|planeta)s?"
    r"|a|la|las|para|hasta|contra|cada|ya|era|esta|está|estas|esas|esa|sea|toda|todas|una|unas|da"
    r"|más|mas|tras|además|va|ha|queda|mientras|ahora|nada|otras",
    "pt": r"(?:dia|mapa|sof[aá]|programa|problema|sistema|idioma|tema|clima|\w+ista|planeta)s?"
    r"|a|as|à|às|da|das|na|nas|para|pela|pelas|era|esta|está|essa|essas|estas|cada|toda|todas|uma"
    r"|umas|mas|ou|já|nada|agora|dela|delas|ela|elas|há|até|ainda|fica|seja|outras",
}
# Small words after which nothing is counted: "veintiuno y treinta y uno".
SMALL = frozenset(
    _listed("a al ante con de del desde e en es está hasta o para por que según sin u y")
)
# What comes before a number that is a name: "habitación doscientos uno".
NAMED = frozenset(_listed(
    "habitación habitaciones hab cuarto quarto piso andar número numero nro reserva código mesa "
    "puerta porta apartamento apto sala suite suíte calle rua avenida ruta línea linha canal "
    "versão clave chave opción opção"
))  # fmt: skip
ES_FIRST = _listed("primer segund tercer cuart quint sext séptim octav noven")
ES_TENTH = _listed(
    "décim vigésim trigésim cuadragésim quincuagésim sexagésim septuagésim octogésim nonagésim"
)
PT_FIRST = _listed("primeir segund terceir quart quint sext sétim oitav non")
PT_TENTH = _listed(
    "décim vigésim trigésim quadragésim quinquagésim sexagésim septuagésim octogésim nonagésim"
)
TENTHS = {"es": (ES_FIRST, ES_TENTH), "pt": (PT_FIRST, PT_TENTH)}
ES_ENDINGS = {
    "er": (1, 3), "ro": (1, 3), "ra": (1, 3), "era": (1, 3), "do": (2,), "da": (2,),
    "to": (4, 5, 6), "ta": (4, 5, 6), "mo": (7, 10), "ma": (7, 10), "vo": (8, 9), "va": (8, 9),
    "no": (9,), "na": (9,),
}  # fmt: skip
NUMBER_SIGN = {"es": "número ", "pt": "número ", "en": "number "}


def ordinals(text: str, language: str) -> str:
    """ "2º piso", "3er piso", "2ª via", "the 3rd floor"."""
    text = NUMBERED.sub(NUMBER_SIGN[language], text)
    return ORDINAL.sub(lambda found: _ordinal(found, language), text)


def _ordinal(found: re.Match[str], language: str) -> str:
    digits, ending, noun = found.group(1, 2, 3) if found[1] else found.group(4, 5, 6)
    number, ending = int(digits), ending.lower()
    if number == 0:
        return found.group()
    if language == "en":
        spelled = ending in ("st", "nd", "rd", "th", "º", "ª")
        return ordinal(number) if spelled else found.group()
    if ending not in "ºª°" and not (language == "es" and number in ES_ENDINGS.get(ending, ())):
        return found.group()
    feminine = ending == "ª" or ending.endswith("a")
    said = _latin_ordinal(number, language, "a" if feminine else "o")
    counts = noun is not None and len(noun) > 1 and noun.lower() not in SMALL
    short = language == "es" and (counts or ending == "er") and number % 10 in (1, 3)
    return re.sub(r"(primer|tercer)o$", r"\1", said) if short else said


def _latin_ordinal(number: int, language: str, gender: str) -> str:
    ones, tens = TENTHS[language]
    ten, one = divmod(number, 10)
    parts = ([tens[ten - 1] + gender] if ten else []) + ([ones[one - 1] + gender] if one else [])
    return " ".join(parts)


def counts(text: str, language: str) -> str:
    """Each whole number that stands alone."""
    return COUNTED.sub(lambda found: _counted(found, language), text)


def _counted(found: re.Match[str], language: str) -> str:
    lead = found.group()[: found.start(2) - found.start()]
    before, digits, noun = (found[1] or "").lower(), found[2], (found[3] or "").lower()
    return lead + _number(before, digits, noun, language)


def _number(before: str, digits: str, noun: str, language: str) -> str:
    if len(digits) > LONGEST_NUMBER or (digits.startswith("0") and len(digits) > 1):
        return one_by_one(digits, language)
    number = int(digits)
    if before in NAMED or not noun or noun in SMALL:
        return in_words(number, language)
    said = in_words(number, language, feminine=is_feminine(noun, number, language))
    return before_noun(said, language)


def is_feminine(noun: str, number: int, language: str) -> bool:
    """By how it ends, in the number that is asked for: after 21 stands no singular."""
    if language == "en" or re.fullmatch(NOT[language], noun):
        return False
    return re.fullmatch((ONE if number == 1 else MANY)[language], noun) is not None
