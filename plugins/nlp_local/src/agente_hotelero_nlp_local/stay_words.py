"""Words around dates, as pattern text over folded text: which date is which, and which is meant."""

from __future__ import annotations

SOFT = (
    r"(?:[\s¤,.]|\b(?:maybe|perhaps|quizas?|tal vez|talvez|capaz|eh|em|um|uh|creo|night|noche|"
    r"noite|morning|evening|afternoon|tarde|del|al|dia|el|la|o|os|a|the|on|at|na|no(?!\s*[,.;]))\b)*"
)
STRONG_TO = (
    r"(?:\bal\b|\bao\b|\bhasta\b|\bhta\b|\bate\b|\b(?:un)?till?\b|\bthrough\b|\bthru\b|\bto\b|"
    r"->|>|→|\ba\b(?=\s+(?:el|o dia)\b))"
)
WEAK_TO = r"(?:\ba\b|[-/>]+|\bp/|\bpara\b|\bpra\b|\b[ye] (?:hasta|ate)\b)"
ARRIVE = (
    r"\b(?:llega\w*|llego|llegue\w*|llegamos|entro|entra\w*|entre(?:mos)?\b|ent\.?|ingres\w+|"
    r"arriv\w+|arrib\w+|arr\.?|cheg\w+|entrando|check(?:ing)?[ -]?in|chk[ -]?in|desde|from|"
    r"a partir d\w+|starting|empezando|comecando|com(?:e|ing)|get(?:ting)? (?:in|there)|caemos|"
    r"caigo|"
    r"aterriz\w+|lands?|landing|pous\w+|inicio|ida|(?<!nos )(?<!me )(?:vamos|iriamos|voy) el|"
    r"vengo|venimos|in(?=\W{0,2}\d)|"
    r"venir\w*|vindo|viremos)\b\.?"
)
LEAVE = (
    r"(?<!cuanto )\b(?:sal(?:e|go|imos|id[ao]|iendo|ida|gamos|dria\w*|ir|iriamos)?|"
    r"sa(?:io|i|em|ir|ida|indo|imos|iremos|iria\w*)|leav\w+|depart\w*|dep\.?|partid[ao]|partimos|partir\w*|parto|"
    r"partindo|check(?:ing)?[ -]?out|chk[ -]?out|out|nos vamos|me voy|me iria|nos iriamos|"
    r"nos iremos|"
    r"me vou|nos vamos embora|se (?:van|irian|iran|vao|iriam)|segui(?:mos|remos)|sigo viaje|"
    r"continuamos|irnos|irme|retir\w+|egres\w+|regres\w+|volvemos|vuelvo|volver\w*|"
    r"nos volvemos|volt(?:o|amos|ar\w*|ando)|devolv\w+|march\w+(?! (?:\d|de))|l[oa] dej(?:o|"
    r"amos)|dej(?:o|amos|ando|ar\w*|ariamos) (?:la|el)|liber(?:o|amos)|desocup\w+|deix\w+ o|"
    r"entreg\w+|"
    r"hasta|hta|ate|(?:un)?till?|through|vou embora|vamos embora|go(?:ing)? (?:home|back|out|away)|"
    r"(?:we|i) go|go(?=\s*$)|fly(?:ing)? (?:home|back|out)|head(?:ing)? (?:home|back|out|off)|"
    r"volta|vuelta)"
    r"\b\.?"
)
INSTEAD = (
    r"\b(?:menos|excepto|salvo|except|en vez|en lugar|em vez|no lugar|ao inves|instead|"
    r"rather than|y no|e nao|and not)\b"
    r"[^,;.]{0,12}$"
)
DENIED = (
    r"\b(?:no|nao|not|ni|nem|nor|neither|ya no|ja nao)\s+(?:(?:es|e|para|pra|on|from|in|seria|"
    r"va a ser)\s+)?"
    r"(?:(?:a|em|no|na)\s+)?(?:del?\s+|el\s+|o\s+|al\s+|the\s+)?(?:dia\s+)?$"
)
DENIED_AFTER = r"\s*,?\s*(?:no|nao|not)\b(?=\s*[,.;:!]|\s*$|\s+(?:sino|mejor|me|puedo|posso|va))"
# Words of whoever takes a date back or moves one: the last one said is meant.
CORRECTING = (
    r"\b(?:cambi\w+|mud\w+|modific\w+|chang\w+|mov\w+|perdon\w*|digo|mejor|sorry|actually|sino|corr\w+|"
    r"troc\w+|pas(?:ar\w*|alo|ala|emos|o)|adelant\w+|adiant\w+|posterg\w+|postpon\w+|atras\w+|"
    r"reprogram\w+|remarc\w+|reagend\w+|reschedul\w+|switch\w*|push\w*|shift\w*|rather|desculp\w+|"
    r"quer dizer|quiero decir|i mean|ou melhor|o mejor dicho|errata|equivo\w+|mistake|wait|espera|"
    r"aplaz\w+|antes|originally|ahora|agora|extend\w*|alarg\w+|extiend\w+|prolong\w+|estend\w+)\b"
)
MORE_AFTER = r"\s+(?:mas|more|extra|a mais|adicional\w*|additional)\b"
MORE_BEFORE = (
    r"\b(?:otras?|outras?|mais|another|extra|additional|add|"
    r"(?:agreg|anad|adicion|acrescent)\w+|sum(?:ar|o|a|e|ame|ale|emos|enos|arle|arme)|"
    r"inclu(?:ir|ya|yan|ye|yeme|a)|"
    r"(?:extend|extiend|prolong|alarg|estend|estic)\w*(?: \w+){0,3}? (?:by|por|em|en|for))\s+$"
)
NIGHT_OF = (
    r"\b(?:la noche|noches|a noite|noite|the night|one night|night|uma noite|una noche) (?:del?|"
    r"do|of|on)"
    r"(?: dia)?\s*$"
)
GOODBYE = r"\W*(?:hasta manana|ate amanha|see you tomorrow|nos vemos manana)\W*"
# "De 7 a 10" beside these are the hours of something.
HOURS = (
    r"\b(?:desayun\w*|cafe da manha|pequeno[- ]almoco|breakfast|horarios?|abr(?:e|en|em|ir|ia|"
    r"iran|irao)|cierr\w+|open\w*|"
    r"clos\w+|fech\w+|atiend\w+|atend\w+|funciona\w*|pileta|piscina|alberca|pool|gym|gimnasio|spa|sauna|"
    r"recepcion|restaurant\w*|cenas?|cenar|almuerz\w+|jantar|almoco|dinner|lunch|brunch|cocina|cozinha|"
    r"kitchen|serv\w+|llam\w+|llamen\w*|call me|ligu\w+|liguem|silencio|quiet|hs|hrs|horas?|"
    r"hours?|turno|happy hour|bar|menores|edades|idades)\b"
)
# "Vispera del 25", "dos días antes de Navidad", "the day after Easter": so many days off a date.
OFF = (
    r"\b(?:(?P<eve>vispera|vespera|eve|night before)|(?:(?P<n>{number}|el|o|the|al)\s+)?"
    r"(?:dias?|days?)\s+(?:(?P<before>antes|anterior|previo|before)|despues|depois|siguiente|after))"
    r"\s*(?:del?|do|da|of|a|al|ao|the)?\s*(?:el\s+|o\s+|dia\s+)?$"
)
EVENT = (
    r"\b(?:es|e|sera|seria|is|will be|cae|cai)\s+(?:no\s+|on\s+|em\s+|el\s+|o\s+|dia\s+|the\s+)*$"
)
BEFORE = (
    r"\s+(?:before|antes (?:del?|do|da)|anterior (?:al?|ao)|previo (?:al?))(?:\s+(?:el|la|o|a))?\s+"
)
AFTER = r"\s+(?:after|despues (?:del?)|depois (?:do|da|de)|siguiente (?:al?)|seguinte (?:ao?))\s+"
STREET = r"\b(?:avenida|avda?\.?|av\.?|calle|rua|esquina|street|st\.|plaza|praca|ruta|hotel)\s+$"
# Times at which a house is open; no stay, unless words of staying are beside them.
OPEN = (
    r"\b(?:abr(?:e|en|em|is)|opens?|opened|abiert[oa]s?|abert[oa]s?|atiend\w+|atendem?|"
    r"funciona\w*|cierran?|fecham?|clos(?:e|es|ed))\b"
)
STAYING = (
    r"\b(?:reserv\w*|book\w*|noches?|noites?|nights?|hab\w*|cuartos?|quartos?|rooms?|llega\w*|cheg\w+|"
    r"arriv\w+|disponib\w*|availab\w*|quedar\w*|ficar\w*|stay\w*|lugar|hospeda\w*|aloja\w*)\b"
)
# What is told of the past is no stay to come.
PAST = (
    r"\b(?:fui|fuimos|me (?:aloje|hospede)|transferi|cobraron|dijeron|hable|hospedei|paguei|"
    r"(?:i|we) paid|(?:i|we) (?:was|were) charged|(?:lunes|martes|miercoles|jueves|viernes|"
    r"sabado|domingo|"
    r"finde|mes|verano|noche) pasad[oa]|estuv(?:e|imos)|estive(?:mos)?|fiquei|(?:i|we) stayed|"
    r"was there|were there|were at|"
    r"naci|nasci|"
    r"born|deixei|me deje|olvide|ayer|ontem|mande|escribi|llame|mandei|escrevi|liguei|(?:i|"
    r"we) (?:called|wrote|emailed|sent)|yesterday|(?:la semana|el mes|el ano|a semana|o mes|"
    r"o ano) "
    r"pasad[oa]|passad[oa]|last (?:week|month|year|january|february|march|april|may|june|july|"
    r"august|"
    r"september|october|november|december))\b"
)
SAME_NIGHTS = (
    r"\b(?:mism[ao]s? noches|mesm[ao]s? noites|same (?:number of )?nights|misma cantidad)\b"
)
NEXT_YEAR = r"\b(?:ano que vien?e|ano que vem|proximo ano|ano proximo|next year)\b"
EITHER = r"\s*,?\s*(?:o|ou|or|si no|senao)\s+(?:el\s+|o\s+|the\s+|del?\s+|do\s+)?(?:dia\s+)?"
# Wishes, and what the guest will do later, name days without asking for them.
WISHES = (
    r"\b(?:feliz|felices|merry|happy|boas?|buen[oa]?s?)\s+(?:navidad(?:es)?|natal|ano nuevo|"
    r"ano novo|christmas|"
    r"new year|pascuas?|pascoa|easter|reyes|fiestas|finde|fin de semana|fim de semana|weekend)\b|"
    r"\b(?:manana|amanha|tomorrow|hoy|el \w+|na \w+)\s+(?:te|les|os|lhe|vos|i'?ll|eu)\s+"
    r"(?:digo|aviso|confirmo|llamo|escribo|cuento|ligo|falo|let you know|tell you|call)\b|"
    r"\b(?:te|les|os|lhe|vos)\s+(?:digo|aviso|confirmo|llamo|escribo)\s+(?:manana|amanha|hoy|"
    r"el \w+|na \w+)\b"
)
