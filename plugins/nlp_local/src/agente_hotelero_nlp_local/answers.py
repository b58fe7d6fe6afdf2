"""Answers to what was asked: yes or no, and which of the options. Pure, over folded text."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass

from agente_hotelero.messages import OfferedOption

from agente_hotelero_nlp_local.text import mask, plain

Span = tuple[int, int]
_YES = (
    r"si+p?|sim+|yes+|yeah|yep|yup|ye|claro(?: que s[ii]m?)?|por supuesto|dale|va|vale|"
    r"ok(?:ay|ey)?|oka|okis|confirm(?:o|ado|ada|ar|a|e|ed|amos)?|de acuerdo|correcto|correct|"
    r"exacto|exactly|perfecto|perfeito|perfect|certo|isso(?: mesmo)?|com certeza|pode ser|"
    r"pode(?: reservar| confirmar)?|beleza|bora|fechado|combinado|acepto|aceito|adelante|asi es|"
    r"esta bien|ta bom|tudo bem|listo|bueno|sure|go ahead|please do|of course|absolutely|"
    r"that'?s (?:right|fine|correct|it)|(?:sounds|looks) (?:good|great|fine)|sale|orale|"
    r"barbaro|venga|book it|let'?s do it|do it|"
    r"dale (?:nomas|mandale)|mandale|metele(?: nomas)?|de una|procede|proceda|hagale|hagalo|"
    r"y? ?como no|"
    r"(?:no veo )?por que no|why not|go for it|pode fechar|sisi|sim sim|si si|obvio|simon|"
    r"ni modo,? (?=quit|cancel|borr)|reserva(?:la|lo|r)?|hazlo|hacela|quiero|quero|i do|"
    r"that works|👍|✅|👌"
)
_REFUSED = (
    r"i (?:don'?t|do not) have (?:an? |any )?(?:e-?mail|mail|one)|i have no e-?mail|"
    r"skip(?: it| this)?|(?:without|sin|sem) (?:an? )?(?:e-?mail|mail|correo)|"
    r"no need|not necessary|no es necesario|nao e necessario|not just yet|paso|mejor dejalo|"
    r"actually no|no thanks|nao por enquanto|agora nao|ahora no|no way|no hace falta|"
    r"nao precisa|never ?mind|leave it|asi no|no+|nop|nope|nah|nao+|n|"
    r"negativo|para nada|de ninguna manera|mejor no|melhor nao|ainda nao|"
    r"todavia no|aun no|not (?:now|yet|really|anymore)|never|jamais|nunca|"
    r"olvidal[oa]|dejal[oa](?: como (?:esta|estaba))?|keep it|deixa(?: pra la)?|esquece|forget it|"
    r"ninguna?|nenhuma?|none(?: of them)?|neither|don'?t|👎|❌"
)
_NO = rf"{_REFUSED}|cancel(?:a|ar|alo|e)?"
# Where the question is whether to change or to add something, to say that again is a yes.
_CHANGES = (
    r"(?:pode|podes?|puedes?)\s+(?:mudar|trocar|alterar|incluir|adicionar|acrescentar|cambiar\w*|"
    r"agregar\w*|sumar\w*)|muda|troca|altera|inclui|adiciona|cambi[ae]l[ao]s?|"
    r"modifi\w+l[ao]|agreg\w+l[ao]|sum[ae]l[ao]|(?:haz|hace|haga) el cambio|(?:change|move|add) it|"
    r"make the change|faz a mudanca|faca a mudanca"
)
# Where the question is whether to cancel, that word is a yes.
_CANCELS = (
    r"(?:(?:go ahead and|pode|podes?|puedes?|please|por favor|quiero|quero|queremos|you can|"
    r"i want to|i'd like to|we want to|just|entonces|entao|then)\s+)?"
    r"cancel(?!ad|l?ed)\w*(?:\s+(?:it|that|la|lo|los|las))?|get rid of it|delete it|"
    r"(?:quit|borr|anul|elimin|desmarc)[ae](?:l[ao]s?|me l[ao])|bajal[ao]"
)
_CANCELS_NOT = (
    r"(?:no|nao|don'?t|do not|mejor no|melhor nao|ya no|i don'?t want to|no quiero|nao quero)"
    r"(?:\s+(?:la|lo|a|o|quiero|quero))*\s+cancel\w*(?:\s+(?:it|that|la|lo))?"
)
_POLITE = (
    r"por favor|porfa(?:vor)?|porfis|pf|pls|plz|please|gracias|obrigad[oa]|thanks?|thank you|"
    r"muchas|muito|many|so much|genial|great|amig[oa]|senor(?:ita|a)?|entonces|"
    r"entao|then|ya|ja|now|ahora|agora|esta|essa|esa|eso|isso|that|it|this one|el resto|"
    r"todo(?: bien)?|tudo|all good|nomas|no mas|uai|che|pues|po|hombre|tio|guey|wey|parce|fechar|"
    r"fecha"
)
_YES_GOES_ON = (
    rf"{_YES}|{_POLITE}|quiero (?:esa|reservar(?:la)?)|quero (?:essa|reservar)|la quiero|"
    r"i want (?:it|that one)|la reserva|a reserva|my booking|the booking|es correcto|"
    r"esta correcto|is correct|con todo gusto|la tomo|fico com ela|i'?ll take it"
)
_NO_GOES_ON = (
    rf"{_NO}|{_POLITE}|(?:lo |la |a |o )?quiero|(?:a |o )?quero|me interesa|me sirve|confirm\w*|"
    r"reserv\w+|want (?:it|that)|interested|for now|por ahora|por agora|es necesario|preciso|"
    r"hace falta|e necessario|book it|esa|essa|that one|(?:e-?mail|mail|correo)(?: address)?|"
    r"(?:mi|la|minha|a|my|the|this|esta|essa) (?:reserva\w*|booking)|"
    r"(?:tengo|tenho|uso|have)(?: (?:un|um|an?|one|ningun))?(?: (?:e-?mail|mail|correo))?(?: one)?"
)
_LEAD = (
    r"^[\s¡¿!.,]*(?:(?:no(?=,? no\b)|nao(?=,? nao\b)|ni modo|ah|eh|hm+|mm+|bueno|bom|well|"
    r"entonces|entao|then|hola|oi|hi|ok)[\s,.!]+)*"
)
_BUT = (
    r"pero|mas|porem|but|if|solo|so|apenas|just|only|aunque|although|depende|depends|espera\w*|wait|"
    r"(?:si|se)(?= (?!por favor|gracias)\w)|siempre|cuando|quando|when|en cuanto|assim que|salvo|"
    r"a menos|excepto|menos|caso|unless|as long|provided|except|creo|supongo|tal ?vez|quizas?|"
    r"capaz|"
    r"maybe|perhaps|guess|suppose|luego|despues|depois|later|rato|momento|segundo|second|minut\w+|"
    r"pens\w+|pienso|think|consult\w+|consulto|habl[oa]\w*|ver|veo|vejo|decido|confirmo|te digo|"
    r"primero|primeiro|first|antes|before|cuant[oa]s?|quant[oa]s?|cual|"
    r"qual|que(?= (?:dia|hora|precio|inclu|pasa|signific|tiene|costo|"
    r"es|hay|plazo)\w*)|what(?:'?s)?|which|how(?:'?s)?|"
    r"donde|onde|where|dud[ao]s?|duvida|pregunt\w+|pergunt\w+|question|saber|know|car[oa]s?|expensive|"
    r"otr[oa]s?|outr[oa]s?|another|other|cambi\w+|mud\w+|pas[ae]l[oa]|troc\w+|falta|deja|dejo|olvid\w+|"
    r"nada|chau|chao|adios|tchau|bye|devol\w+|reembols\w+|refund|keep|"
    r"igual(?=mente| gracias)|(?<=gracias )igual"
)
# After a no, these take it back.
_YES_AFTER_ALL = r"si|sim|yes|dale|cancel\w*"
_ORDINALS = (
    r"primer[oa]?|primeir[oa]|first|1(?:st|ra|ro|a|o|ª|º)",
    r"segund[oa]|second|2(?:nd|da|do|a|o|ª|º)",
    r"tercer[oa]?|terceir[oa]|third|3(?:rd|ra|ro|a|o|ª|º)",
    r"cuart[oa]|quart[oa](?!s)|fourth|4(?:th|ta|to|a|o|ª|º)",
    r"quint[oa]|fifth|5(?:th|ta|to|a|o|ª|º)",
)
_CARDINALS = (
    r"1|uno|una|un|um|uma|one", r"2|dos|dois|duas|two", r"3|tres|three", r"4|cuatro|quatro|four",
    r"5|cinco|five",
)  # fmt: skip
_TAKE = (
    r"(?:(?:prefiero|quiero|elijo|me quedo con|prefiro|quero|fico com|escolho|i'?ll take|i want|"
    r"i prefer|give me|take)\s+)?(?:la|el|a|o|the)?\s*"
)
# Offers are listed from the cheapest.
_CHEAPEST = (
    r"\b(?:la|el|a|o|the)?\s*(?:mas (?:barat[oa]|economic[oa])|"
    r"mais (?:barat[oa]|em conta|economic[oa])|cheapest|least expensive)(?: one)?\b"
)
_LAST = r"ultim[oa]|last"
_MAY_I = (
    r"\b(?:puede ser|podria ser|pode ser|can i|could (?:i|we)|may i|me das|me da|quedamos con)\b"
)
_NO_CHOICE = (
    r"no|ni|nao|not|nem|menos|excepto|salvo|sin|sem|without|but|instead|en vez|em vez|o|ou|or|"
    r"cuant[oa]|"
    r"quant[oa]|cual|qual|(?<!la )(?<!el )(?<!a )(?<!o )que|what|which|how|si|se|if|wait|espera|"
    r"muy|muito|too|car[oa]s?|expensive|"
    r"tuve|estuve|era|was|were|sucia|suja|dirty|vez|noches?|noites?|nights?|semanas?|weeks?|piso|planta|"
    r"andar|floor|hora|horas|edad|idade|pregunta|pergunta|thoughts|mi habitacion|my room|otra|"
    r"outra|another"
)
_ARTICLE = (
    rf"{_LEAD}(?:(?:vou )?(?:prefiro|quero|queria|querer|escolho|fico com|fica|pode ser|ficar com|"
    r"seria|e) )?o (?!la |el |una? )"
)
_GENERIC = frozenset(
    {"habitacion", "quarto", "room", "cuarto", "vista", "view", "cama", "camas", "noviembre"}
)
SHORT_TITLE, TELLING, LONG, LIKE = 3, 4, 5, 5
_WITHOUT = (
    r"\b(?:no|nao|not|sin|sem|without|menos|except|salvo)\s+(?:(?:la|el|a|o|the|es|quiero)\s+)?$"
)
_TOP = r"\b(?:la|el|a|o|the)?\s*(?:de (?:arriba|cima)(?: de todo)?|top)(?: one)?\b"
_BOTTOM = r"\b(?:la|el|a|o|the)?\s*(?:de (?:abajo|baixo)(?: de todo)?|bottom)(?: one)?\b"
_MIDDLE = r"\b(?:la|el|a|o|the)?\s*(?:del? medio|do meio|middle|en medio)(?: one)?\b"
_ENDS = (
    r"(?=\s*(?:$|[,.!)]|por|pf|pls|please|gracias|obrigad|opcion|opcao|option|habitacion|quarto|room|"
    r"one|esta|me |fico|de\b|que\b|para|entonces|entao|then|nomas|mismo|mesm))"
)
_LABEL = r"(?:opcion|opcao|option|numero|number|num|nro|no\.|n[ºo°]\.?|#)\s*"


@dataclass(frozen=True, kw_only=True, slots=True)
class YesNoRead:
    """An explicit yes or no, and where it was said."""

    value: bool
    span: Span


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionRead:
    """The id of the option that was named, and where."""

    id: str
    span: Span


def yes_or_no(text: str, *, to_cancel: bool = False, to_change: bool = False) -> YesNoRead | None:
    """A yes or no that opens the text and is not taken back, doubted or made conditional.

    "Si puedo pagar allá" is an if, "no entiendo" no refusal, "yes, but …" no yes: a word counts
    where the text ends, goes on politely or with more of the same, or turns to something else
    after a comma. `to_cancel`: the question is whether to cancel something; `to_change`: whether
    to change or add something.
    """
    yes, no = (f"{_CANCELS}|{_YES}", f"{_CANCELS_NOT}|{_REFUSED}") if to_cancel else (_YES, _NO)
    yes_goes_on = f"{_YES_GOES_ON}|{_CANCELS}" if to_cancel else _YES_GOES_ON
    if to_change and not to_cancel:
        yes, yes_goes_on = f"{_CHANGES}|{yes}", f"{_YES_GOES_ON}|{_CHANGES}"
    for agreed, words, goes_on in ((True, yes, yes_goes_on), (False, no, _NO_GOES_ON)):
        for match in re.finditer(rf"{_LEAD}(?P<said>{words})(?![\w'])", text):
            rest = text[match.end() :]
            polite = rf"(?:[\s,.!;:)]*(?:{goes_on})(?![\w']))*"
            if re.fullmatch(rf"{polite}[\s,.!;:)]*", rest):
                # All of it is the answer: nothing else is wanted by any word of it.
                return YesNoRead(value=agreed, span=(match.start("said"), len(text.rstrip())))
            kindly = re.match(rf"(?:\s*(?:{_POLITE})(?![\w']))*", rest)
            turns = _turns(rest[kindly.end() if kindly else 0 :])
            taken_back = not agreed and re.search(rf"\b(?:{_YES_AFTER_ALL})(?![\w'])", rest)
            if turns and not taken_back and not (agreed and _doubted(rest, no)):
                return YesNoRead(value=agreed, span=match.span("said"))
    return None


def _turns(rest: str) -> bool:
    return re.match(r"\s*[,.!;\n]", rest) is not None


def _doubted(rest: str, no: str) -> bool:
    return "?" in rest or re.search(rf"\b(?:{_BUT}|{no})(?![\w'])", rest) is not None


def option(text: str, options: Sequence[OfferedOption]) -> OptionRead | None:
    """The option that the text names by title, place or number."""
    if not options:
        return None
    free = choosing(text, options)
    return _by_title(free, options) or _by_place(free, options) or _by_likeness(free, options)


def choosing(text: str, options: Sequence[OfferedOption]) -> str:
    """The text without the clauses in which something is asked, refused or compared and nothing
    chosen: "no la doble", "¿la doble tiene balcón?", "la doble o la suite"."""
    titles = frozenset(" ".join(plain(one.title) for one in options).split())
    spans = [
        match.span()
        for match in re.finditer(r"[^,;.!?\n]+\??", text)
        if _is_no_choice(match.group(), titles)
    ]
    return mask(text, spans)


def _is_no_choice(clause: str, titles: Set[str]) -> bool:
    """Words of the titles themselves refuse nothing ("sin desayuno")."""
    if "?" in clause and not re.search(_MAY_I, clause):
        return True
    # The Spanish "or" is the Portuguese "the".
    clause = re.sub(_ARTICLE, "", clause, count=1)
    rest = " ".join(word for word in clause.split() if word.strip(".,;:!") not in titles)
    return re.search(rf"\b(?:{_NO_CHOICE})\b", rest) is not None


def _by_title(text: str, options: Sequence[OfferedOption]) -> OptionRead | None:
    found = []
    for one in options:
        title = plain(one.title)
        if title and yes_or_no(title) is not None:
            continue  # a button that says yes is pressed by saying yes, no less
        at = re.search(rf"(?<!\w){re.escape(title)}(?!\w)", text)
        if title and at:
            found.append(OptionRead(id=one.id, span=at.span()))
    return found[0] if len(found) == 1 else _by_word(text, options)


def _by_word(text: str, options: Sequence[OfferedOption]) -> OptionRead | None:
    """By the telling word of a short title, in the singular or in the plural: "the date"."""
    words = [plain(one.title).split() for one in options]
    last = [said[-1].rstrip("s") if 0 < len(said) < SHORT_TITLE else "" for said in words]
    found = [
        OptionRead(id=one.id, span=at.span())
        for one, word in zip(options, last, strict=True)
        if len(word) >= TELLING and last.count(word) == 1
        for at in re.finditer(rf"(?<!\w)(?:{_in_numbers(word)})(?!\w)", text)
    ]
    return found[0] if len(found) == 1 else None


def _by_likeness(text: str, options: Sequence[OfferedOption]) -> OptionRead | None:
    """By a word that only one title has, or begins like: "la que tiene balconcito", "sabadão"."""
    titles = [
        {word for word in plain(one.title).split() if len(word) >= TELLING} for one in options
    ]
    found: dict[str, Span] = {}
    for match in re.finditer(r"[^\W\d_]{4,}", text):
        liked = [
            one.id for one, words in zip(options, titles, strict=True) if _any_like(match, words)
        ]
        if len(liked) == 1 and not re.search(_WITHOUT, text[: match.start()]):
            found.setdefault(liked[0], match.span())
    if len(found) != 1:
        return None
    ((chosen, span),) = found.items()
    return OptionRead(id=chosen, span=span)


def _any_like(match: re.Match[str], words: Set[str]) -> bool:
    said = match.group()
    return any(said == word or (said[:LIKE] == word[:LIKE] and len(said) >= LIKE) for word in words)


def _in_numbers(word: str) -> str:
    """A word without its s, as a pattern of its plural and singular ("huespede": "huesped")."""
    shorter = f"|{re.escape(word[:-1])}" if word.endswith("e") and len(word) > LONG else ""
    return f"{re.escape(word)}s?{shorter}"


def _by_place(text: str, options: Sequence[OfferedOption]) -> OptionRead | None:
    cheapest = re.search(_CHEAPEST, text)
    if cheapest and len(options) > 1:
        return OptionRead(id=options[0].id, span=cheapest.span())
    if re.match(_LEAD + r"(?:la|el|a|o|the)?\s*(?:" + _LAST + r")(?!\w)" + _ENDS, text):
        return OptionRead(id=options[-1].id, span=(0, len(text)))
    for pattern, place in ((_TOP, 0), (_BOTTOM, -1), (_MIDDLE, 1 if len(options) == 3 else None)):
        match = re.search(pattern, text)
        if match and place is not None:
            return OptionRead(id=options[place].id, span=match.span())
    for place, one in enumerate(options[: len(_ORDINALS)]):
        number, ordinal = _CARDINALS[place], _ORDINALS[place]
        for pattern in (
            rf"{_LEAD}{_TAKE}(?:{_LABEL})?(?:{number})(?=\s*(?:$|[,.!)]|por|pf|pls|please|gracias))",
            rf"{_LABEL}(?:{number})(?!\w)",
            rf"(?<!\w)(?:la|el|a|o|the|pela|com a|con la)\s+(?:{ordinal})(?!\w){_ENDS}",
            rf"{_LEAD}(?:{ordinal})(?!\w){_ENDS}",
        ):
            match = re.search(pattern, text)
            if match:
                return OptionRead(id=one.id, span=match.span())
    return None
