"""Records in JSON and XML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from agente_hotelero_pms_qloapps.testing.answers import JSON, XML, Answer, Node, dumps, leaf, xml
from agente_hotelero_pms_qloapps.testing.resources import Resource
from agente_hotelero_pms_qloapps.testing.rows import Association, Native, Record, Row, Value, Words
from agente_hotelero_pms_qloapps.testing.shop import Shop


class Renderer:
    """One format and language for one request. `echo` makes strings of numbers, as writes do."""

    def __init__(self, shop: Shop, *, as_json: bool, language: str = "", echo: bool = False):
        self.shop = shop
        self.as_json = as_json
        self.one_language = bool(language) or len(shop.languages) == 1
        self.strings = echo or shop.old

    def link(self, *path: object) -> str:
        return "/".join((f"http://{self.shop.host}/api", *map(str, path)))

    def answer(self, body: Any, *nodes: Node, status: int = 200) -> Answer:
        if self.as_json:
            return Answer(status=status, body=dumps(body), media=JSON)
        return Answer(status=status, body=xml(*nodes), media=XML)

    def single(self, resource: Resource, record: Record, *, status: int = 200) -> Answer:
        """One record with its associations."""
        body = {resource.node: self.json_of(record)}
        return self.answer(body, self.node_of(resource, record), status=status)

    def many(self, resource: Resource, records: Iterable[Record]) -> Answer:
        """Records with their fields; `[]` when there is none."""
        found = list(records)
        nodes = [self.node_of(resource, one) for one in found]
        body = {resource.plural: [self.json_of(one) for one in found]} if found else []
        return self.answer(body, Node(tag=resource.plural, children=nodes))

    def ids(self, resource: Resource, rows: Iterable[Row]) -> Answer:
        """A list of ids with links, as without `display`."""
        found = list(rows)
        nodes = [
            Node(
                tag=resource.node,
                attributes={
                    "id": str(one["id"]),
                    "xlink:href": self.link(resource.name, one["id"]),
                },
                short=True,
            )
            for one in found
        ]
        listed = [{"id": self.value(one["id"])} for one in found]
        body = {resource.plural: listed} if found else []
        return self.answer(body, Node(tag=resource.plural, children=nodes))

    def value(self, value: Value) -> Any:
        if isinstance(value, Words):
            if self.one_language:
                return value.text
            return [{"id": one, "value": value.text} for one in self.shop.languages]
        if isinstance(value, Decimal):
            return f"{value:.6f}"
        if isinstance(value, bool | Native) or not isinstance(value, int):
            return value
        return str(value) if self.strings else value

    def json_of(self, record: Record) -> dict[str, Any]:
        shown = {name: self.value(value) for name, value in record.row.items()}
        listed = {
            one.name: [{name: self.value(each) for name, each in row.items()} for row in one.rows]
            for one in record.associations
            if one.rows
        }
        return {**shown, "associations": listed} if listed else shown

    def node_of(self, resource: Resource, record: Record) -> Node:
        children = [self.field(name, value, resource.links) for name, value in record.row.items()]
        if record.associations:
            linked = [self.association(one) for one in record.associations]
            children.append(Node(tag="associations", children=linked))
        return Node(tag=resource.node, children=children)

    def field(self, name: str, value: Value, links: Mapping[str, str]) -> Node:
        if isinstance(value, Words):
            return Node(tag=name, children=self.translated(value.text))
        shown = f"{value:.6f}" if isinstance(value, Decimal) else value
        node = leaf(name, shown, self.link(links[name], value) if name in links else "")
        if name == "id_default_image":
            return Node(tag=name, text=node.text, attributes={"notFilterable": "true"})
        return node

    def translated(self, text: str) -> list[Node]:
        return [
            Node(
                tag="language",
                text=text,
                attributes={"id": str(one), "xlink:href": self.link("languages", one)},
            )
            for one in self.shop.languages
        ]

    def association(self, one: Association) -> Node:
        children = [
            Node(
                tag=one.node,
                attributes={"xlink:href": self.link(one.api, row["id"])} if one.href else {},
                children=[self.field(name, value, {}) for name, value in row.items()],
            )
            for row in one.rows
        ]
        described = {"nodeType": one.node, "api": one.api}
        return Node(tag=one.name, attributes=described, children=children, short=True)
