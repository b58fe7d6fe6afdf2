"""Numbers that are said in words, found in a text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

SMALL = """
    cero un uno una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince
    dieciséis diecisiete dieciocho diecinueve veinte veintiún veintiuno veintiuna veintidós
    veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve treinta
    cuarenta cincuenta sesenta setenta ochenta noventa
    zero um uma dois duas três quatro sete oito nove dez onze doze treze quatorze catorze quinze
    dezesseis dezasseis dezessete dezassete dezoito dezenove dezanove vinte trinta quarenta
    cinquenta sessenta oitenta meia
    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety
"""
LARGE = """
    cien ciento doscient[oa]s trescient[oa]s cuatrocient[oa]s quinient[oa]s seiscient[oa]s
    setecient[oa]s ochocient[oa]s novecient[oa]s mil
    cem cento duzent[oa]s trezent[oa]s quatrocent[oa]s quinhent[oa]s seiscent[oa]s setecent[oa]s
    oitocent[oa]s novecent[oa]s
    hundred thousand
"""
# These are articles more often than counts.
ARTICLE = re.compile("un|una|um|uma|one|uno", re.IGNORECASE)
HUNDREDS = "|".join(LARGE.split())
ONE = rf"\b(?:{'|'.join(SMALL.split())}|{HUNDREDS})\b"
RUN = re.compile(rf"{ONE}(?:[ -]+(?:(?:y|e|and|oh) +)?{ONE})*", re.IGNORECASE)
IS_ONE, IS_LARGE = re.compile(ONE, re.IGNORECASE), re.compile(HUNDREDS, re.IGNORECASE)


def is_number(word: str) -> bool:
    return IS_ONE.fullmatch(word) is not None


def runs(text: str) -> Iterator[tuple[int, int, bool]]:
    """Where numbers are said, and whether one is long: of several words, or a hundred and more."""
    for found in RUN.finditer(text):
        words = found.group().split()
        if len(words) > 1 or not ARTICLE.fullmatch(words[0]):
            yield *found.span(), len(words) > 1 or IS_LARGE.fullmatch(words[0]) is not None
