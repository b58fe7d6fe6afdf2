"""How a guest says that a stay is, or was: well, badly, or neither clearly. Pure.

No figure decides anything but whether a person looks: nobody is asked less, or more, for it.
"""

from __future__ import annotations

import re
from typing import Literal

from agente_hotelero.matching import folded

Mood = Literal["good", "bad", "unclear"]
LONG_ENOUGH_TO_READ = 4
_NUMBER = re.compile(
    r"^\W*(?:un|una|uma?|a|le doy un|dou|i give it an?)?\s*(\d{1,2})"
    r"(?:\s*(?:/|de|of|out of|sobre)\s*(5|10))?"
    r"\s*(?:puntos?|pontos?|points?|estrellas?|estrelas?|stars?)?\W*$"
)
_STARS = re.compile(r"^\s*((?:⭐|★|🌟)\ufe0f?\s*){1,5}$")
_BAD = re.compile(
    r"^(?:mal[ao]?s?|pesim\w*|pessim\w*|horri\w*|terri\w*|suci\w*|suj[ao]s?|ruid\w*|barulh\w*|rot[ao]s?"
    r"|quebrad\w*|decepci\w*|decepcao|disappoint\w*|queja\w*|reclam\w*|complain\w*|peor|pior|worst|worse"
    r"|desastre\w*|disaster|asco|asqueros\w*|nojo\w*|cucaracha\w*|cockroach\w*|maleducad\w*|rude|ruim|ruins"
    r"|bad|awful|dirty|nois[ey]\w*|broken|disgust\w*|smell\w*|olor|fedor|incomod\w*|uncomfortable|demor\w*"
    r"|problema?s?|issues?|unfriendly|overpriced|flojo?a?s?|poor|poco)$"
)
_GOOD = re.compile(
    r"^(?:bien|bem|buen[ao]?s?|bom|boa|bons|boas|excelent\w*|genial\w*|maravil\w*|perfect\w*|perfeit\w*"
    r"|encant\w*|hermos\w*|lind[ao]s?|espectacular\w*|espetacular\w*|increibl\w*|incrivel|recomend\w*|otim\w*"
    r"|ador\w*|amei|felic\w*|content\w*|good|great|excellent\w*|wonderful|perfectly|lov\w*|amazing|nice"
    r"|fantastic\w*|recommend\w*|happy|best|enjoy\w*|comod\w*|confort\w*|comfortable|amable\w*|friendly|limpi\w*"
    r"|limp[ao]s?|clean|barbar\w*|fine|ok|okay|mejor\w*|melhor\w*)$"
)
_NOT = frozenset(
    {"no", "ni", "sin", "nunca", "nada", "nao", "nem", "sem", "not", "never", "without", "nothing"}
    | {"t", "isnt", "wasnt", "didnt", "dont", "none"}
)
_GLAD, _SAD = re.compile("[😀😃😄😁😊🥰😍👍❤💖👏🙌🎉]"), re.compile("[😡😠🤬👎🤮🤢😞😢😤😒]")


def mood(text: str, *, complains: bool = False) -> Mood:
    """`complains`: whoever read the words took them for a complaint."""
    score = _score(text)
    if score is not None:
        return "bad" if score <= 0.6 else "good"
    said = _words(text)
    bad = said.count("bad") + len(_SAD.findall(text)) + complains
    good = said.count("good") + len(_GLAD.findall(text))
    if bad:
        return "bad"
    return "good" if good else "unclear"


def is_short(text: str) -> bool:
    """Whether there is too little in it for anybody to read."""
    return len(text.split()) < LONG_ENOUGH_TO_READ


def _score(text: str) -> float | None:
    """Of a figure that stands alone, as a part of the best there is; without a scale up to five are
    of five."""
    if _STARS.match(text):
        return len(re.findall("⭐|★|🌟", text)) / 5
    found = _NUMBER.match(folded(text))
    if found is None:
        return None
    value = int(found[1])
    scale = int(found[2]) if found[2] else (5 if value <= 5 else 10)
    return value / scale if value <= scale else None


def _words(text: str) -> list[Mood]:
    """Each word that says how it is; one just after a "not" says the opposite."""
    words = re.findall(r"\w+", folded(text))
    found: list[Mood] = []
    for at, word in enumerate(words):
        turned = any(one in _NOT for one in words[max(at - 2, 0) : at])
        if _BAD.match(word):
            found.append("good" if turned else "bad")
        elif _GOOD.match(word):
            found.append("bad" if turned else "good")
    return found
