"""Answers and their two formats. XML shows a tree of elements, JSON what PHP makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import quoteattr

XLINK = "http://www.w3.org/1999/xlink"
HTML = "text/html; charset=utf-8"
JSON = "application/json"
XML = "text/xml;charset=utf-8"
WEBSERVICE = {"X-Powered-By": "PrestaShop Webservice", "PSWS-Version": "1.6.1.23"}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What goes out. `media` None sends no Content-Type, as PHP does with some empty bodies."""

    status: int = 200
    body: bytes = b""
    media: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: WEBSERVICE)


@dataclass(frozen=True, kw_only=True)
class Node:
    """An XML element."""

    tag: str
    text: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: Sequence[Node] = ()
    short: bool = False

    def render(self) -> str:
        """`short` elements close themselves when there is nothing in them."""
        shown = "".join(f" {name}={quoteattr(value)}" for name, value in self.attributes.items())
        if self.short and not self.children:
            return f"<{self.tag}{shown}/>\n"
        inner = f"<![CDATA[{self.text}]]>" if self.text else ""
        inner += "".join(one.render() for one in self.children)
        return f"<{self.tag}{shown}>{inner}</{self.tag}>\n"


class Refusal(Exception):
    """An error that is answered with codes and messages."""

    def __init__(self, status: int, *errors: tuple[int, str]) -> None:
        super().__init__(errors)
        self.status = status
        self.errors = errors


class Broken(Exception):
    """An error that PHP answers by itself: with nothing, or with a text."""

    def __init__(self, status: int = 500, text: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def xml(*nodes: Node) -> bytes:
    root = Node(tag="qloapps", attributes={"xmlns:xlink": XLINK}, children=nodes)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{root.render()}'.encode()


def dumps(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), default=number).encode()


def number(value: Any) -> int | float:
    """A Decimal as PHP's JSON shows a float."""
    if not isinstance(value, Decimal):
        raise TypeError(type(value))
    return int(value) if value == value.to_integral_value() else float(value)


def leaf(tag: str, value: object, link: str = "") -> Node:
    """An element with a value, and a link to what the value names."""
    shown = "" if value is None or value is False else str(value)
    if isinstance(value, Decimal):
        shown = str(number(value))
    return Node(tag=tag, text=shown, attributes={"xlink:href": link} if link else {})


def errors(status: int, found: Iterable[tuple[int, str]], *, as_json: bool) -> Answer:
    """The two forms of an error list."""
    listed = list(found)
    if as_json:
        body = {"errors": [{"code": code, "message": text} for code, text in listed]}
        return Answer(status=status, body=dumps(body), media=JSON)
    nodes = [
        Node(tag="error", children=[leaf("code", code), leaf("message", text)])
        for code, text in listed
    ]
    return Answer(status=status, body=xml(Node(tag="errors", children=nodes)), media=XML)


def by_php(shop_is_old: bool, status: int, text: str = "") -> Answer:
    """An answer that never reached the web service's own output."""
    powered = "PHP/7.4.33" if shop_is_old else "PHP/8.2.36"
    return Answer(status=status, body=text.encode(), media=HTML, headers={"X-Powered-By": powered})


def closest(word: str, words: Sequence[str]) -> str:
    """The name nearest in edits; of several, the last."""
    return min(reversed(words), key=lambda one: distance(word, one))


def distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        above, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (a != b))
    return row[-1]
