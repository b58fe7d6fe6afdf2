"""Guests' files that no row names, as a restore leaves them: no retention would ever end them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agente_hotelero._db import heard, media
from agente_hotelero._db.session import Database
from agente_hotelero._runtime.media_store import ListedStore
from agente_hotelero.config import Settings

# As `media_store.new_name` makes them. Nothing else in the same place is ours to judge.
FORM = re.compile(r"([^/]+)/[0-9a-f]{32}(?:\.[^/]*)?")


async def find(settings: Settings, database: Database, store: ListedStore) -> Sequence[str]:
    """In the folders of this installation's hotels. Files first, rows then: whatever is stored
    meanwhile had its row before. Raises Unavailable."""
    files = [name async for name in store.names()]
    async with database.sessions() as session:
        named = {*await media.all_names(session), *await heard.all_names(session)}
    known = {_stem(name) for name in named}
    return sorted(
        name
        for name in files
        if (ours := FORM.fullmatch(name)) is not None
        and ours[1] in settings.tenants
        and _stem(name) not in known
    )


def _stem(name: str) -> str:
    """Without the suffix, which a file gets when it is known what it is."""
    return name.partition(".")[0]
