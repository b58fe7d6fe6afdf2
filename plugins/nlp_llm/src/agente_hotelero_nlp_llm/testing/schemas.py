"""The part of JSON Schema that strict structured output knows: is a schema good, and what fits it.

`constrained` does what a constrained decoder does: whatever the model would say, what comes out
fits the schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
KNOWN = frozenset(
    {"$defs", "$ref", "additionalProperties", "anyOf", "description", "enum", "items",
     "properties", "required", "title", "type"}
)  # fmt: skip
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
BLANKS: Mapping[str, Any] = {
    "array": [], "string": "", "integer": 0, "number": 0, "boolean": False, "null": None,
}  # fmt: skip
MOST_PROPERTIES, DEEPEST = 100, 5


def complaints(schema: Schema) -> list[str]:
    """What strict mode would not take of a whole schema."""
    if schema.get("type") != "object":
        return ["the root must be of the type object"]
    found = list(_complaints(schema, schema, "root", 0))
    parts = [schema, *schema.get("$defs", {}).values()]
    if sum(len(part.get("properties", {})) for part in parts) > MOST_PROPERTIES:
        found.append("there are too many properties")
    return found


def _complaints(part: Schema, root: Schema, where: str, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        yield f"{where}: nested too deep"
        return
    unknown = sorted(set(part) - KNOWN)
    if unknown:
        yield f"{where}: {', '.join(unknown)} is not permitted"
    if part.get("type") == "object":
        yield from _of_object(part, where)
    for name, inner in _inner(part, root):
        yield from _complaints(inner, root, f"{where}.{name}", depth + 1)


def _of_object(part: Schema, where: str) -> Iterator[str]:
    if part.get("additionalProperties") is not False:
        yield f"{where}: additionalProperties must be false"
    if sorted(part.get("required", ())) != sorted(part.get("properties", {})):
        yield f"{where}: required must name every property"


def _inner(part: Schema, root: Schema) -> Iterator[tuple[str, Schema]]:
    yield from part.get("properties", {}).items()
    yield from ((str(place), one) for place, one in enumerate(part.get("anyOf", ())))
    if "items" in part:
        yield "items", part["items"]
    if "$ref" in part:
        yield "$ref", resolved(part, root)


def resolved(part: Schema, root: Schema) -> Schema:
    """The part itself, or the definition that it refers to."""
    if "$ref" not in part:
        return part
    found: Schema = root["$defs"][part["$ref"].removeprefix("#/$defs/")]
    return found


def fits(value: Any, part: Schema, root: Schema) -> bool:
    part = resolved(part, root)
    if "anyOf" in part:
        return any(fits(value, one, root) for one in part["anyOf"])
    if "enum" in part:
        return value in part["enum"]
    if not _of_type(value, part["type"]):
        return False
    if part["type"] == "object":
        own = part["properties"]
        return set(value) == set(own) and all(fits(value[key], own[key], root) for key in own)
    if part["type"] == "array":
        return all(fits(item, part["items"], root) for item in value)
    return True


def constrained(value: Any, part: Schema, root: Schema) -> Any:
    """The value as far as it fits; what does not is left out, or blank where it must be."""
    part = resolved(part, root)
    if "anyOf" in part:
        return _of_any(value, part["anyOf"], root)
    if "enum" in part:
        return value if value in part["enum"] else part["enum"][0]
    if part["type"] == "object":
        given = value if isinstance(value, dict) else {}
        own = part["properties"]
        return {key: constrained(given.get(key), own[key], root) for key in own}
    if not _of_type(value, part["type"]):
        return BLANKS[part["type"]]
    if part["type"] == "array":
        return [item for item in value if fits(item, part["items"], root)]
    return value


def _of_any(value: Any, kinds: list[Schema], root: Schema) -> Any:
    """As it is where it fits a kind; else null, or the first kind."""
    if any(fits(value, one, root) for one in kinds):
        return value
    if any(one.get("type") == "null" for one in kinds):
        return None
    return constrained(value, kinds[0], root)


def _of_type(value: Any, name: str) -> bool:
    boolean = isinstance(value, bool) and name != "boolean"
    return isinstance(value, TYPES[name]) and not boolean
