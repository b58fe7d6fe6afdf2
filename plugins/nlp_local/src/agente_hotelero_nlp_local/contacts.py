"""Who writes, and of which booking: e-mail, phone, name, reference. Pure; works on the guest's own
characters."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import reduce

from agente_hotelero_nlp_local.text import plain

Span = tuple[int, int]
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,6}[A-Za-z]{2,24}(?![\w-])")
_DOT = r"(?:\s*\.\s*|\s+(?:punto|ponto|dot)\s+)"
_MARK = rf"(?:{_DOT}|\s+(?:guion bajo|gui[oó]n|underline|underscore|dash|h[ií]fen)\s+)"
_SPOKEN = re.compile(
    rf"(?i)(?<![\w@])[\w-]{{1,40}}(?:{_MARK}[\w-]{{1,40}}){{0,4}}\s+(?:arroba|at)\s+[\w-]{{1,40}}(?:{_DOT}[\w-]{{1,20}}){{1,3}}"
)
_SAID_AT = re.compile(r"(?i)\s(?:arroba|at)\s")
_MARKS = (
    (r"(?i)\s+(?:arroba|at)\s+", "@"),
    (r"(?i)\s+(?:guion bajo|underline|underscore)\s+", "_"),
    (r"(?i)\s+(?:gui[oó]n|dash|h[ií]fen)\s+", "-"),
    (rf"(?i){_DOT}", "."),
)
PHONE = re.compile(r"(?<![\w/-])\+?\(?\d[\d ().-]{6,18}\d(?![\w/-])")
_CODE = r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
_DASHED = re.compile(r"(?<![\w@.-])[A-Za-z]{2,6}\d?-[A-Za-z0-9]{3,10}(?![\w@-])")
_NAMED = re.compile(
    r"(?i:reservas?|reservation|booking|confirmation|referencia|referência|reference|ref|"
    r"c[oó]digo|c[oó]d|code|localizador|n[uú]mero|number|n[°ºo]|nro)(?!\w)\.?"
    r"(?:\s+(?i:de|da|of|the|la|a|o|mi|minha|my|es|is|é|e|n[uú]mero|number|n[°ºo]\.?|reserva|booking|"
    r"code|c[oó]digo|reference|referencia)(?!\w))*"
    rf"\s*[:#]?\s*(?P<token>{_CODE})(?![\w@-])"
)
_SHARP = re.compile(r"(?<![\w#])#\s?(?P<token>[A-Za-z]{0,4}-?\d{4,10}[A-Za-z0-9]{0,6})(?![\w-])")
_ALONE = re.compile(rf"(?<![\w@.-]){_CODE}(?![\w@-])")
LONGEST_REFERENCE = 20
_PARTICLE = r"(?:de|del|da|do|dos|das|la|las|los|y|e|van|von|der|di|du|le|san|santa|o'|mc)"
_WORD = r"[^\W\d_][^\W\d_'’.-]*(?:['’-][^\W\d_]+)*"
_NAME = rf"{_WORD}\.?(?:\s+(?:{_PARTICLE}\s+)*{_WORD}){{0,4}}"
_INTRODUCED = re.compile(
    r"(?i:(?<!\w)(?:me llamo|mi nombre(?: completo)? es|a nombre del?(?: la)?(?: se[ñn]or(?:a|"
    r"ita)?)?|al nombre de|te firma|firma|a mi nombre,?|meu nome "
    r"(?:completo )?[eé]|me chamo|em nome de|no nome de|my (?:full )?name is|my name'?s|"
    r"under the name(?: of)?|in the name of|the name is|nombre:|nome:|name:|"
    r"nombre (?:a|por)|nome (?:para|por)|name to|apellido(?: es)?|sobrenome(?: [eé])?|"
    r"(?:surname|last name|family name)(?: is)?|pregunt(?:en|e|a|ar) por|perguntar? (?:por|pela|"
    r"pelo)|"
    r"ask for|paid by|pag(?:ado|o|ó) por|a cargo de|les escribe|le escribe|te escribe|"
    r"quem fala (?:é|e)|"
    r"quem escreve (?:é|e)|titular:?|make (?:it|them) out to|put (?:it|them) (?:under|"
    r"in the name of)|"
    r"a nombre de (?:mi|su) \w+,?|em nome d[ao] (?:minha|meu) \w+,?))"
    rf"\s*:?\s*(?P<name>{_NAME})"
)
_HINTED = re.compile(
    r"(?i:(?<!\w)(?:bota|pon(?:ela|la|lo|é|gala)|coloca|anota(?:me)?|soy|sou(?: [oa])?|i am|i'm|"
    r"it'?s for|under|try|habla|reserva de|reserva da|reserva do|booking for|acá|aca|aquí|"
    r"aqui(?! (?:é|e) )|this is|"
    r"aqui\s+(?:é|e|fala)(?:\s+[oa])?|aquí habla|saludos|un saludo|atte\.?|atentamente|"
    r"cordialmente|"
    r"atenciosamente|att\.?|abraços?|(?:best|kind|warm)? ?regards|sincerely|mr\.?|mrs\.?|ms\.?|"
    r"sr\.?|sra\.?|d\.|doña|don))[\s,.!:-]+"
    rf"(?P<name>(?=[^\W\d_a-z]){_NAME})"
)
# Who signs: "gracias!! Noelia Quiroga - …", at the end of what was written.
_SIGNED = re.compile(
    r"(?i:(?<!\w)(?:gracias|obrigad[oa]|thanks|thank you|cheers))[\s,.!:-]+"
    rf"(?P<name>(?=[^\W\d_a-z]){_WORD}\s+(?=[^\W\d_a-z]){_WORD})(?=\s*(?:$|[-–—,|\n+]|\S+@))"
)
_MAIL_LABEL = re.compile(
    r"(?i)(?<!\w)(?:(?:y|e|and)\s+)?(?:(?:mi|my|meu|el|o|the)\s+)?"
    r"(?:e-?mail|mail|correo(?:\s+electr[oó]nico)?)(?:\s+address)?\s*(?:(?:es|is|é)(?!\w)|:)?"
)
_NAME_LABEL = re.compile(
    r"(?i)^\s*(?:it'?s|then|maybe|entonces|entao|então|tal vez|talvez)(?![\w'])[\s,]*|"
    r"[\s,]+(?:please|pls|por favor|porfa|pfv?)[\s.!]*$|"
    r"^\s*(?:(?:full\s+)?name|nombre|nome)\s*(?:(?:is|es|é)(?!\w)|:)?\s+|"
    r"\s+(?:es mi nombre|is my name|é (?:o )?meu nome)\s*[.!]*$"
)
_CODE_LABEL = re.compile(
    r"(?i)(?<!\w)(?:(?:mi|my|minha|la|a|o|the)\s+)?(?:ref(?:erenc(?:ia|e))?|referência|c[oó]digo|code|"
    r"n[uú]mero|number|reserva|reservation|booking|localizador)\s*(?:(?:is|es|é)(?!\w)|[.:#])?"
)
# "Anota aí: SOL-AB12": words that lead to a reference, or to an address, blank by then.
_LABELLED = re.compile(r"(?<!\w)(?:[a-zà-ÿ]+\s+){0,2}[a-zà-ÿ]+\s*:\s*(?=\s{4})")
_JOINED = re.compile(r"(?i)^[\s,.;:]*(?:(?:y|e|and|de|of)\s+)|(?:\s+(?:y|e|and))[\s,.;:]*$")
_ENDS = re.compile(r"(?i)\s+(?:y|e|and|mi|meu|my|email|e-mail|mail|correo|con|com|with)$")
_TITLE = re.compile(
    r"(?i)^(?:mr|mrs|ms|miss|sr|sra|srta|dr|dra|don|doña|dona|señor|señora)\b\.?\s+"
)
LONGEST_NAME = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Something written as it stands, and its place in the original text."""

    value: str
    span: Span


def email(text: str) -> Found | None:
    """The address that is written, or said: "ana punto paz arroba correo punto com"."""
    match = EMAIL.search(text)
    if match is not None:
        return Found(value=match.group(), span=match.span())
    match = _SPOKEN.search(text) if _SAID_AT.search(text) else None
    if match is None:
        return None
    address = reduce(lambda said, mark: re.sub(mark[0], mark[1], said), _MARKS, match.group())
    return Found(value=address.lower(), span=match.span()) if EMAIL.fullmatch(address) else None


def phone(text: str) -> Found | None:
    match = PHONE.search(text)
    if match is None or not 8 <= sum(char.isdigit() for char in match.group()) <= 15:
        return None
    return Found(value=match.group(), span=match.span())


def reference(text: str, *, expected: bool) -> Found | None:
    """A booking's reference: letters and digits with a dash, or what follows words for one.

    Asked for, any word that mixes letters and digits, or a number, is one.
    """
    for match in _DASHED.finditer(text):
        if _is_code(match.group().partition("-")[2]):
            return Found(value=match.group(), span=match.span())
    for match in _SHARP.finditer(text):
        return Found(value=match["token"], span=match.span("token"))
    for match in _NAMED.finditer(text):
        if 5 <= len(match["token"]) <= LONGEST_REFERENCE and _is_code(match["token"]):
            return Found(value=match["token"], span=match.span("token"))
    for match in _ALONE.finditer(text) if expected else ():
        word = match.group()
        if 4 <= len(word) <= LONGEST_REFERENCE and any(char.isdigit() for char in word):
            return Found(value=word, span=match.span())
    return None


def _is_code(word: str) -> bool:
    """Letters and digits; "18-20" is two days."""
    if re.fullmatch(r"(?:\d{1,2}|20\d\d)(?:-\d{1,2})+", word):
        return False
    return any(char.isdigit() for char in word) or word.isupper()


def introduced(text: str, common: Set[str]) -> Found | None:
    """A name after words that announce one; ordinary words in its place are no name."""
    for match in (
        *_INTRODUCED.finditer(text),
        *_HINTED.finditer(text),
        *_SIGNED.finditer(text),
    ):
        name = _trimmed(match["name"], common)
        if name:
            start = text.index(name, match.start("name"))
            return Found(value=name, span=(start, start + len(name)))
    return None


def bare(text: str, common: Set[str], *, but: Sequence[Span] = ()) -> Found | None:
    """The whole text (but for punctuation, an e-mail, and `but`) as a name, if it can be one."""
    left = text
    for begin, end in but:
        left = f"{left[:begin]}{' ' * (end - begin)}{left[end:]}"
    without = EMAIL.sub(" " * 5, left)
    if without != left:
        without = _LABELLED.sub(" ", _MAIL_LABEL.sub(" ", without))
        without = re.sub(r"[\s,;-]+$", "", without)
    without = _NAME_LABEL.sub(" ", without)
    if but:
        without = _LABELLED.sub(" ", _CODE_LABEL.sub(" ", without))
        without = _JOINED.sub(" ", without)
    match = re.fullmatch(rf"[\s,.;:!]*(?P<name>{_NAME})[\s,.;:!]*", without)
    if match is None:
        return None
    words = match["name"].split()
    if len(words) > LONGEST_NAME or not _is_name(words, common):
        return None
    name = " ".join(words)
    start = text.find(words[0])
    return Found(value=name, span=(start, start + len(match["name"].rstrip())))


def beside(text: str, booking: Found, common: Set[str]) -> Found | None:
    """The name that ends a text after a booking's reference: "SOL-AB12, Iglesias"."""
    match = re.fullmatch(
        rf"\s*[,;/-]?\s*(?P<name>(?=[^\W\d_a-z]){_NAME})[\s.!]*", text[booking.span[1] :]
    )
    if match is None or not _is_name(match["name"].split(), common):
        return None
    start = booking.span[1] + match.start("name")
    return Found(value=match["name"], span=(start, start + len(match["name"])))


def _trimmed(name: str, common: Set[str]) -> str:
    """The words of a name up to the first ordinary word."""
    kept: list[str] = []
    for word in name.split():
        ordinary = plain(word) in common and not word[0].isupper()
        if ordinary and not re.fullmatch(_PARTICLE, plain(word)):
            break
        kept.append(word)
    while kept and re.fullmatch(_PARTICLE, kept[-1].lower()):
        kept.pop()
    joined = _TITLE.sub("", _ENDS.sub("", " ".join(kept))).strip(" .,")
    return joined if joined and plain(joined) not in common else ""


def _is_name(words: list[str], common: Set[str]) -> bool:
    plain_words = [_telling_part(plain(word).strip(".")) for word in words]
    telling = [word for word in plain_words if len(word) > 1 and not re.fullmatch(_PARTICLE, word)]
    if not telling or any(len(word) > 20 for word in telling):
        return False
    capital = all(word[0].isupper() for word in words if not re.fullmatch(_PARTICLE, word.lower()))
    if capital and len(telling) > 1:
        return not all(word in common for word in telling)
    return not any(word in common for word in telling)


def _telling_part(word: str) -> str:
    """ "it's" is as ordinary as "it", "e-mail" as "mail"."""
    return max(re.split(r"['-]", word), key=len) if re.search(r"['-]", word) else word
