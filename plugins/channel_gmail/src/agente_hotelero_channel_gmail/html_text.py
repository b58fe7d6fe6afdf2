"""HTML of a mail as plain text: quotes marked with ``>``, what mail programs put below left out.

Source of the marks: mails of the programs themselves (Gmail, Outlook, Apple Mail, Yahoo,
Thunderbird, GMX, Proton). Pure; time and memory grow with the length alone, which is why the
standard library's parser is not used: on 128 kB of ``<a <a <a`` it takes minutes (3.11).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape

LONGEST = 128_000
DEEPEST = 400


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


BLOCKS = _set(
    "address article aside blockquote center dd div dl dt fieldset figure footer form h1 h2 h3 h4 "
    "h5 h6 header hr li main nav ol p pre section table tbody tfoot thead tr ul"
)
PARAGRAPHS = _set("p h1 h2 h3 h4 h5 h6 ul ol table blockquote")
VOID = _set("area base br col embed hr img input link meta source track wbr")
UNCLOSED = _set("p li td th tr dt dd option")
SILENT = _set("script style head title template noscript object svg")
# Left out with all that is inside.
SIGNATURES = re.compile(
    r"\b(?:gmail_signature(?:_prefix)?|moz-signature|signature|ms-outlook-mobile-signature|"
    r"applemailsignature|protonmail_signature_block|ymail_android_signature)\b"
)
QUOTES = re.compile(
    r"\b(?:yahoo_quoted|protonmail_quote|tutanota_quote|zmail_extra|gmail_quote_attribution)\b"
)
# From here on everything is of the mail that is answered.
CUTS = re.compile(
    r"\b(?:divrplyfwdmsg|appendonsend|outlookmessageheader|mail-editor-reference-message-container|"
    r"ms-outlook-mobile-reference-message|x_divrplyfwdmsg)\b"
)
OUTLOOK_RULE = re.compile(r"border-top:\s*solid\s+#(?:e1e1e1|b5c4df)")
TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]{0,30})([^<>]*)>")
ATTRIBUTE = re.compile(r"([a-zA-Z-]{1,40})\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
LONGEST_ATTRIBUTES = 4000
DECLARATION = re.compile(r"<[!?][^<>]*>")
RAW_TEXT = _set("script style title")
HIDDEN = re.compile(r"display:\s*none|mso-hide:\s*all")
CUT = "\x00cut"
"""A line that stands where a quote begins that has no end."""


def text_of_html(html: str) -> str:
    """The text; a line that is `CUT` parts what is written from what is quoted."""
    reader = _Reader()
    for closing, tag, inside in _pieces(html[:LONGEST]):
        if not tag:
            reader.data(unescape(inside))
        elif closing:
            reader.end(tag)
        else:
            reader.start(tag, _attributes(inside))
    return reader.text()


def images_shown(html: str) -> set[str]:
    """The content ids of pictures that the text shows inside itself."""
    return set(re.findall(r"cid:([^\s\"'>)]{1,200})", html[:LONGEST], re.IGNORECASE))


def _pieces(html: str) -> Iterator[tuple[bool, str, str]]:
    """Tags (whether it closes, name, attributes) and the text between them (no name)."""
    at = 0
    while at < len(html):
        begins = html.find("<", at)
        if begins != at:
            yield False, "", html[at:] if begins < 0 else html[at:begins]
        if begins < 0:
            return
        tag = TAG.match(html, begins)
        at = tag.end() if tag else _past_other(html, begins)
        if tag is None:
            if at == begins + 1:
                yield False, "", "<"
            continue
        name = tag[2].lower()
        yield bool(tag[1]), name, tag[3]
        if name in RAW_TEXT and not tag[1]:
            ends = html.find(f"</{tag[2]}", at)
            at = ends if ends >= 0 else len(html)


def _past_other(html: str, at: int) -> int:
    """Where a comment or declaration ends; the next place where ``<`` is only a letter."""
    if html.startswith("<!--", at):
        ends = html.find("-->", at + 4)
        return ends + 3 if ends >= 0 else len(html)
    declared = DECLARATION.match(html, at)
    return declared.end() if declared else at + 1


def _attributes(inside: str) -> dict[str, str]:
    """Attributes in lower case, names and values."""
    return {
        name.lower(): (double or single or bare).lower()
        for name, double, single, bare in ATTRIBUTE.findall(inside[:LONGEST_ATTRIBUTES])
    }


class _Reader:
    """Collects lines. `_open` are the open elements with what each of them changes."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._open: list[tuple[str, str]] = []
        self._names: Counter[str] = Counter()
        self._marks: Counter[str] = Counter()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in BLOCKS:
            # Word's paragraphs are lines: it writes an empty one where it means a gap.
            word = "msonormal" in attributes.get("class", "")
            self._end_line(paragraph=tag in PARAGRAPHS and not word)
        elif tag == "br":
            self._end_line(paragraph=not "".join(self._line).strip())
        if self._open and self._open[-1][0] == tag and tag in UNCLOSED:
            self.end(tag)
        if tag in VOID or len(self._open) >= DEEPEST:
            return
        mark = _mark(tag, attributes)
        if mark == "cut":
            self._lines.append(CUT)
        self._open.append((tag, mark))
        self._names[tag] += 1
        self._marks[mark] += 1
        if tag == "li":
            self._line.append("- ")
        elif tag in ("td", "th") and self._line:
            self._line.append(" ")

    def end(self, tag: str) -> None:
        if tag in BLOCKS:
            self._end_line(paragraph=tag in PARAGRAPHS)
        if not self._names[tag]:
            return
        while self._open:
            name, mark = self._open.pop()
            self._names[name] -= 1
            self._marks[mark] -= 1
            if name == tag:
                return

    def data(self, text: str) -> None:
        if self._marks["silent"]:
            return
        if self._names["pre"]:
            *before, last = text.split("\n")
            for line in before:
                self._line.append(line)
                self._end_line(paragraph=False)
            self._line.append(last)
        elif self._line or not text.isspace():
            self._line.append(re.sub(r"\s+", " ", text))

    def text(self) -> str:
        self._end_line(paragraph=False)
        return "\n".join(self._lines).strip("\n")

    def _end_line(self, *, paragraph: bool) -> None:
        line = "".join(self._line).replace("\xa0", " ").strip()
        empty = not line and (not self._lines or self._lines[-1] in ("", ">"))
        self._line = []
        if line:
            self._lines.append(f"> {line}" if self._marks["quote"] else line)
        elif paragraph and not empty:
            self._lines.append(">" if self._marks["quote"] else "")


def _mark(tag: str, attributes: dict[str, str]) -> str:
    """What an element changes: silent, quote, cut, or nothing."""
    named = f"{attributes.get('class', '')} {attributes.get('id', '')}"
    style = attributes.get("style", "")
    if tag in SILENT or HIDDEN.search(style) or "data-smartmail" in attributes:
        return "silent"
    if SIGNATURES.search(named):
        return "silent"
    if CUTS.search(named) or OUTLOOK_RULE.search(style):
        return "cut"
    cited = attributes.get("type") == "cite" or "cite" in attributes or "gmail_quote" in named
    if (tag == "blockquote" and cited) or QUOTES.search(named) or attributes.get("name") == "quote":
        return "quote"
    return ""
