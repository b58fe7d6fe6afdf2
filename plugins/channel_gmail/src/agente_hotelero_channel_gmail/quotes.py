"""What a guest wrote anew: without the quoted mail, the mail program's line and the signature.

For Gmail, Outlook, Apple Mail, Yahoo and Thunderbird in Spanish, Portuguese, English, German,
French and Italian. The whole text is kept elsewhere for staff: here too little is worse than too
much, so whatever is cut must look like what it is taken for. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agente_hotelero_channel_gmail.html_text import CUT

MOST_LINES, LONGEST_LINE = 4000, 2000
ATTRIBUTION_LINES, ATTRIBUTION = 5, 400
LONGEST_SIGNATURE = 12
_WROTE = r"(?:(?:escribi[óo]|escreveu|wrote|a\s+[ée]crit|ha\s+scritto)\s*|schrieb\b.{0,150})"
_BEGINS = r"(?:El|Em|No dia|On|Am|Le|Il(?: giorno)?)"
# "El lun, 5 nov 2026 a las 10:12, Hotel (<a@b>) escribió:", "Am 5.11.26 um 10:12 schrieb Hotel:"
ATTRIBUTIONS = (
    re.compile(rf"\W{{0,3}}{_BEGINS}\b.{{0,40}}\d.{{0,300}}\b{_WROTE}:", re.IGNORECASE),
    # "Hotel <a@b> schrieb am Mo., 5. Nov. 2026, 10:12:", "2026-11-05 10:12 GMT-03:00 Hotel <a@b>:"
    re.compile(r".{0,100}<[^<>\s]+@[^<>\s]+>\s*schrieb\b.{0,80}\d.{0,60}:", re.IGNORECASE),
    re.compile(r"\d{4}-\d\d-\d\d \d\d?:\d\d GMT[+-]\d\d:\d\d .{1,100}<[^<>\s]+@[^<>\s]+>:"),
)
# Every program names the hour, or whom it quotes by his address: guests who write so do neither.
NAMED = re.compile(r"\d[:.h]\s?\d\d|@")
# A line on which all of the mail that is answered follows.
SEPARATORS = re.compile(
    r"\W{0,3}(?:-{2,}|_{2,})\s*(?:original message|mensaje original|mensagem original|"
    r"urspr(?:ü|ue)ngliche (?:nachricht|mail)|message d['’]origine|message original|"
    r"messaggio originale|forwarded message|mensaje reenviado|mensagem encaminhada|"
    r"weitergeleitete nachricht|message (?:transf[ée]r[ée]|r[ée]exp[ée]di[ée])|"
    r"messaggio inoltrato)\s*(?:-{2,}|_{2,})?\W{0,3}",
    re.IGNORECASE,
)
FORWARDS = re.compile(
    r"(?:begin forwarded message|inicio del mensaje reenviado|in[íi]cio da mensagem "
    r"(?:encaminhada|reencaminhada)|anfang der weitergeleiteten (?:nachricht|e-mail)|"
    r"d[ée]but du message (?:r[ée]exp[ée]di[ée]|transf[ée]r[ée])|inizio messaggio inoltrato)\s?:",
    re.IGNORECASE,
)
_FROM = r"(?:from|de|von|da|exp[ée]diteur|mittente|desde)"
_DATE = r"(?:sent|date|enviad[oa](?: em| el)?|fecha|data|gesendet|datum|envoy[ée]|inviato)"
_TO = r"(?:to|para|an|[àa]|destinataire|cc)"
_SUBJECT = r"(?:subject|asunto|assunto|betreff|objet|oggetto)"
HEADER = {
    name: re.compile(rf"[*\s]*{words}\s?:[*\s]", re.IGNORECASE)
    for name, words in (("from", _FROM), ("date", _DATE), ("to", _TO), ("subject", _SUBJECT))
}
HEADER_LINES = 6
SIGNATURE_MARK = re.compile(r"--\s?|—\s?")
SENT_FROM = re.compile(
    r"\W{0,3}(?:sent (?:from|via|with)|enviado (?:desde|do|de|a partir|via|com|con|mediante)|"
    r"gesendet (?:von|mit)|von meinem .{1,30} gesendet|diese nachricht wurde von meinem|"
    r"envoy[ée] (?:de|depuis|à partir)|inviat[oa] (?:da|dal|con)|obtener? outlook (?:para|for)|"
    r"get outlook for|baixar o outlook|obter o outlook|outlook f(?:ü|u)r .{1,10} beschaffen|"
    r"t[ée]l[ée]charger outlook|scarica outlook|yahoo mail: |descarga la aplicaci[óo]n de yahoo)"
    r".{0,120}",
    re.IGNORECASE,
)
CLOSING = re.compile(
    r"(?:muchas )?(?:saludos(?: cordiales| y gracias)?|un (?:cordial )?(?:saludo|abrazo)|"
    r"cordialmente|atentamente|atte|cordiales saludos|atenciosamente|att|abra[çc]os?|"
    r"cumprimentos|com os melhores cumprimentos|(?:best |kind |warm |kindest )?regards|best wishes|"
    r"all the best|cheers|sincerely|yours (?:sincerely|faithfully|truly)|"
    r"(?:mit )?(?:freundlichen|besten|herzlichen|lieben|viele|liebe|beste) gr(?:ü|ue)(?:ß|ss)en?|"
    r"mfg|(?:bien )?cordialement|(?:bien )?[àa] vous|sinc[èe]res salutations|(?:cordiali|distinti|"
    r"cari) saluti|cordialit[àa]|gracias(?: y saludos)?|thanks(?: and regards)?)\s*[,.!:;-]*\s*",
    re.IGNORECASE,
)
LEGAL = re.compile(
    r"\W{0,3}(?:aviso (?:legal|de confidencialidad|de confidencialidade)|confidentiality notice|"
    r"disclaimer|este (?:mensaje|correo|e-?mail|mensagem).{0,80}confidencia|esta mensagem.{0,80}"
    r"confidencia|this (?:e-?mail|message).{0,80}(?:confidential|intended)|diese (?:e-?mail|"
    r"nachricht).{0,80}vertraulich|ce (?:message|courriel).{0,80}confidenti|questo messaggio.{0,80}"
    r"riservat|antes de imprimir|please consider the environment)",
    re.IGNORECASE,
)


def new_words(text: str) -> str:
    """The guest's own new words; empty where there are none."""
    lines = [line[:LONGEST_LINE].rstrip() for line in text.split("\n")[:MOST_LINES]]
    kept = _without_quotes(_above(lines))
    return "\n".join(_joined(_without_signature(kept))).strip()


def _above(lines: Sequence[str]) -> list[str]:
    """What stands above the place where all the rest is the mail that is answered."""
    for at, line in enumerate(lines):
        if line == CUT or SEPARATORS.fullmatch(line.strip()) or FORWARDS.match(line.strip()):
            return list(lines[:at])
        if HEADER["from"].match(line) and _is_header_block(lines[at : at + HEADER_LINES]):
            return list(lines[: _rule_before(lines, at)])
    return list(lines)


def _is_header_block(lines: Sequence[str]) -> bool:
    """Whether these lines are From, Sent, To, Subject: at least three of them, with a subject."""
    shown = {name for line in lines for name, shape in HEADER.items() if shape.match(line + " ")}
    return "subject" in shown and len(shown) >= 3


def _rule_before(lines: Sequence[str], at: int) -> int:
    """Where the line is that Outlook draws above, if it does."""
    above = at
    while above > 0 and not lines[above - 1].strip():
        above -= 1
    ruled = above > 0 and re.fullmatch(r"[_-]{5,}", lines[above - 1].strip())
    return above - 1 if ruled else at


def _without_quotes(lines: Sequence[str]) -> list[str]:
    """Without quoted lines, and without the words that say who is quoted; where what they announce
    is not marked as a quote, it is all that follows."""
    kept: list[str] = []
    at = 0
    while at < len(lines):
        if _is_quoted(lines[at]):
            at += 1
            continue
        told = _attribution(lines[at : at + ATTRIBUTION_LINES])
        if told and not any(_attribution(lines[at + n : at + told]) for n in range(1, told)):
            at += told
            if not _is_quoted(next((line for line in lines[at:] if line.strip()), ">")):
                break
        else:
            kept.append(lines[at])
            at += 1
    return kept


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith(">")


def _attribution(lines: Sequence[str]) -> int:
    """How many of the first lines say that somebody wrote something."""
    if not lines[0].strip():
        return 0
    said = ""
    for count, line in enumerate(lines, 1):
        if not line.strip() or line.startswith(">"):
            return 0
        said = f"{said} {line.strip()}".strip()
        if len(said) > ATTRIBUTION:
            return 0
        named = said.endswith(":") and NAMED.search(said)
        if named and any(shape.fullmatch(said) for shape in ATTRIBUTIONS):
            return count
    return 0


def _without_signature(lines: Sequence[str]) -> list[str]:
    kept = [line for line in lines if not SENT_FROM.fullmatch(line.strip())]
    for at, line in enumerate(kept):
        if at and SIGNATURE_MARK.fullmatch(line):
            kept = kept[:at]
            break
    legal = next((at for at, line in enumerate(kept) if at and LEGAL.match(line.strip())), None)
    kept = kept[:legal]
    while kept and not kept[-1].strip():
        kept.pop()
    return _above_closing(kept)


def _above_closing(lines: Sequence[str]) -> list[str]:
    """Without a closing formula and the few lines of name, place and number after it."""
    for at in range(max(1, len(lines) - LONGEST_SIGNATURE), len(lines)):
        after = [line for line in lines[at + 1 :] if line.strip()]
        if (
            CLOSING.fullmatch(lines[at].strip())
            and any(line.strip() for line in lines[:at])
            and all("?" not in line and len(line) <= 90 for line in after)
        ):
            return list(lines[:at])
    return list(lines)


def _joined(lines: Sequence[str]) -> list[str]:
    """Never more than one empty line in a row."""
    return [line for at, line in enumerate(lines) if line.strip() or (at and lines[at - 1].strip())]
