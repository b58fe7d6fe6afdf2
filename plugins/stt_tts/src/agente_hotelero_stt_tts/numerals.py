"""Whole numbers as people say them in Spanish, Brazilian Portuguese and English. Pure.

`feminine` is what is counted: "veintiuna noches", "duas pessoas". Beyond the thousand millions
digits are said one by one.
"""

from __future__ import annotations

from collections.abc import Mapping

MOST = 10**12


def _listed(words: str) -> list[str]:
    return words.split()


ES_SMALL = _listed(
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince "
    "dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés "
    "veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve"
)
ES_TENS = _listed("treinta cuarenta cincuenta sesenta setenta ochenta noventa")
ES_HUNDREDS = _listed(
    "ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos "
    "novecientos"
)
PT_SMALL = _listed(
    "zero um dois três quatro cinco seis sete oito nove dez onze doze treze quatorze quinze "
    "dezesseis dezessete dezoito dezenove"
)
PT_TENS = _listed("vinte trinta quarenta cinquenta sessenta setenta oitenta noventa")
PT_HUNDREDS = _listed(
    "cento duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos"
)
EN_SMALL = _listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
EN_TENS = _listed("twenty thirty forty fifty sixty seventy eighty ninety")
EN_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip


def in_words(number: int, language: str, *, feminine: bool = False) -> str:
    """A number from 0; for Spanish and Portuguese in the gender of what is counted."""
    if number >= MOST:
        return one_by_one(str(number), language)
    if language == "en":
        return _english(number)
    return _spanish(number, feminine) if language == "es" else _portuguese(number, feminine)


def one_by_one(digits: str, language: str) -> str:
    """Digits as they are dictated."""
    small = {"es": ES_SMALL, "pt": PT_SMALL, "en": EN_SMALL}[language]
    return " ".join(small[int(digit)] for digit in digits)


def ordinal(number: int) -> str:
    """An English ordinal, for days of the month."""
    *before, last = in_words(number, "en").replace("-", " - ").split(" ")
    ended = EN_ORDINALS.get(last)
    if ended is None:
        ended = last.removesuffix("y") + "ieth" if last.endswith("y") else last + "th"
    return " ".join([*before, ended]).replace(" - ", "-")


def before_noun(said: str, language: str) -> str:
    """ "Veintiún euros", "un sol": Spanish drops an o before what is counted."""
    return _es_short(said) if language == "es" else said


# ── Spanish ──────────────────────────────────────────────────────────────────────────────────────


def _spanish(number: int, feminine: bool) -> str:
    if number == 0:
        return ES_SMALL[0]
    millions, rest = divmod(number, 1_000_000)
    thousands, units = divmod(rest, 1000)
    parts = []
    if millions:
        amount = _es_short(_spanish(millions, False)) if millions > 1 else "un"
        parts.append(f"{amount} {'millones' if millions > 1 else 'millón'}")
    if thousands:
        parts.append(
            "mil" if thousands == 1 else f"{_es_short(_es_group(thousands, feminine))} mil"
        )
    if units:
        parts.append(_es_group(units, feminine))
    return " ".join(parts)


def _es_group(number: int, feminine: bool) -> str:
    hundreds, rest = divmod(number, 100)
    if number == 100:
        return "cien"
    head = ES_HUNDREDS[hundreds - 1] if hundreds else ""
    if feminine and hundreds > 1:
        head = head.removesuffix("os") + "as"
    return " ".join(part for part in (head, _es_tens(rest, feminine)) if part)


def _es_tens(number: int, feminine: bool) -> str:
    if number == 0:
        return ""
    if number < len(ES_SMALL):
        said = ES_SMALL[number]
    else:
        tens, ones = divmod(number, 10)
        said = ES_TENS[tens - 3] + (f" y {ES_SMALL[ones]}" if ones else "")
    return said.removesuffix("uno") + "una" if feminine and said.endswith("uno") else said


def _es_short(said: str) -> str:
    """Before a masculine noun: "veintiún mil"."""
    if said.endswith("veintiuno"):
        return said.removesuffix("uno") + "ún"
    return said.removesuffix("o") if said.endswith("uno") else said


# ── Portuguese ───────────────────────────────────────────────────────────────────────────────────


def _portuguese(number: int, feminine: bool) -> str:
    if number == 0:
        return PT_SMALL[0]
    millions, rest = divmod(number, 1_000_000)
    thousands, units = divmod(rest, 1000)
    parts = []
    if millions:
        parts.append(f"{_portuguese(millions, False)} {'milhões' if millions > 1 else 'milhão'}")
    if thousands:
        parts.append("mil" if thousands == 1 else f"{_pt_group(thousands, feminine)} mil")
    if units:
        # "mil e duzentos", "mil duzentos e um": joined where it is round or small.
        joined = bool(parts) and (units < 100 or units % 100 == 0)
        parts.append(("e " if joined else "") + _pt_group(units, feminine))
    return " ".join(parts)


def _pt_group(number: int, feminine: bool) -> str:
    hundreds, rest = divmod(number, 100)
    if number == 100:
        return "cem"
    head = PT_HUNDREDS[hundreds - 1] if hundreds else ""
    if feminine and hundreds > 1:
        head = head.removesuffix("os") + "as"
    tens, ones = divmod(rest, 10)
    if rest < len(PT_SMALL):
        tail = [PT_SMALL[rest]] if rest else []
    else:
        tail = [PT_TENS[tens - 2]] + ([PT_SMALL[ones]] if ones else [])
    if feminine and tail:
        tail[-1] = {"um": "uma", "dois": "duas"}.get(tail[-1], tail[-1])
    return " e ".join(part for part in (head, *tail) if part)


# ── English ──────────────────────────────────────────────────────────────────────────────────────


def _english(number: int) -> str:
    if number == 0:
        return EN_SMALL[0]
    parts = []
    for scale, name in ((10**9, "billion"), (10**6, "million"), (1000, "thousand")):
        count, number = divmod(number, scale)
        if count:
            parts.append(f"{_en_group(count)} {name}")
    if number:
        parts.append(("and " if parts and number < 100 else "") + _en_group(number))
    return " ".join(parts)


def _en_group(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    tail = ""
    if rest:
        small = rest < len(EN_SMALL)
        tail = (
            EN_SMALL[rest] if small else EN_TENS[tens - 2] + (f"-{EN_SMALL[ones]}" if ones else "")
        )
    head = f"{EN_SMALL[hundreds]} hundred" if hundreds else ""
    return " and ".join(part for part in (head, tail) if part)


MONTHS: Mapping[str, tuple[str, ...]] = {
    "es": (
        "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
        "octubre", "noviembre", "diciembre",
    ),
    "pt": (
        "janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro",
        "outubro", "novembro", "dezembro",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ),
}  # fmt: skip
