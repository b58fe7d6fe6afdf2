"""Every query is a hotel's own: a new one that is not fails here, unless somebody says why."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

CORE = Path(__file__).parents[1] / "core" / "src" / "agente_hotelero"
REPOSITORIES = (
    "repository.py",
    "desk.py",
    "subscriptions.py",
    "consent.py",
    "heard.py",
    "stays.py",
    "journeys.py",
    "audit.py",
    "rights.py",
)
# By id only, from the engine or the door, or for the whole installation: each says so.
FOR_ALL = {
    "conversation_by_id": "For the engine",
    "outbox_row": "For the engine",
    "oldest_new_body": "For the engine",
    "delivery": "For the engine",
    "forget": "For all hotels",
    "old_recordings": "For the core's job",
    "all_names": "For backups",
    "queues": "For the installation's gauges",
    "outcomes": "For the core's watch",
    "dead_counts": "For the installation's gauges",
    "raw_counts": "Bodies of the installation",
    "dead_bodies": "Bodies nobody could read",
    "revive_body": "Let the relay read a dead body again",
    "config_version": "For all processes",
    "changed": "Let every process read",
    "user": "For the door",
    "user_by_id": "For the door",
    "everybody": "For the operator",
    "add_user": "",
    "change_user": "",
    "revoke": "A token ends now",
    "is_revoked": "",
    "add_event": "Store an event",
    "_bodies": "Bodies of the installation",
}
# Tables that belong to no hotel yet, or that are reached through a hotel's own key.
TABLES_ELSEWHERE = {"RAW", "InboxRaw", "OPERATION", "PmsOperation", "raw_", "operation_"}
USES = ("tenant ==", "tenant=tenant", "'tenant': tenant", "tenant,", "tenant in ")
QUERIES = {"select", "update", "delete", "insert"}
Function = ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[Function]:
    """The queries of a module."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, Function) and any(one.arg == "session" for one in node.args.args):
            yield node


def is_scoped(function: Function) -> bool:
    """Whether a tenant is given, or a row that has one, and is used in the statement."""
    given = {one.arg for one in (*function.args.args, *function.args.kwonlyargs)}
    text = "\n".join(ast.unparse(line) for line in function.body)
    if "tenant" in given:
        return any(use in text for use in USES)
    return "row.tenant" in text or "conversation.tenant" in text


@pytest.mark.parametrize("module", REPOSITORIES)
def test_every_query_takes_a_hotel_and_uses_it(module: str) -> None:
    wrong = [
        function.name
        for function in functions(CORE / "_db" / module)
        if function.name not in FOR_ALL and not is_scoped(function)
    ]
    assert wrong == []


def test_what_is_for_all_hotels_says_so_and_exists() -> None:
    found = {one.name: one for name in REPOSITORIES for one in functions(CORE / "_db" / name)}
    assert set(FOR_ALL) <= set(found)
    for name, reason in FOR_ALL.items():
        assert (ast.get_docstring(found[name]) or "").startswith(reason), name


def test_nobody_else_queries_a_hotels_tables() -> None:
    wrong = []
    for path in [*CORE.glob("_runtime/**/*.py"), *CORE.glob("_web/**/*.py"), *CORE.glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in QUERIES
                and node.args
                and ast.unparse(node.args[0]).split(".")[0] not in TABLES_ELSEWHERE
            ):
                wrong.append(f"{path.name} {ast.unparse(node)}")
    # The one place that writes the outbox, with the conversation's own tenant.
    assert wrong == ["outgoing.py insert(OUTBOX)"]


def test_the_rule_would_find_a_query_for_all_hotels() -> None:
    code = "async def all_chats(session):\n    return await session.scalars(select(Chat))\n"
    (function,) = (node for node in ast.parse(code).body if isinstance(node, Function))
    assert not is_scoped(function)


def test_staff_have_words_for_every_task_that_the_front_desk_makes() -> None:
    from agente_hotelero_front_desk.doing import TASKS
    from agente_hotelero_staff_desk.words import WORDS

    source = Path(__file__).parents[1] / "plugins/front_desk/src/agente_hotelero_front_desk"
    code = "".join(path.read_text(encoding="utf-8") for path in source.glob("*.py"))
    made = {*TASKS.values(), *re.findall(r'TaskForStaff\(kind="(\w+)"', code)}
    assert {"unknown_booking", "unknown_change"} <= made
    assert all(made <= set(words) for words in WORDS.values())
