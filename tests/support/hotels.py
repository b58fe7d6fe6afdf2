"""Two hotels with the same property id that share nothing else."""

from __future__ import annotations

import tempfile
import uuid
from pathlib import Path

from agente_hotelero._runtime.plugins import installed
from agente_hotelero.config import Settings, load

SECRETS = {"sol": "secret-of-sol", "luna": "secret-of-luna"}
NUMBERS = {"sol": "109000000000001", "luna": "109000000000002"}
TOKENS = {"sol": "token-of-sol", "luna": "token-of-luna"}

FILE = Path(__file__).with_name("two_hotels.toml")


def two_hotels(database_url: str, *, whatsapp: str, **more: str) -> Settings:
    """Settings of both, on a database, with the address of a Cloud API, and what `more` says by
    names of environment variables."""
    media = Path(tempfile.gettempdir()) / f"hotelero-media-{uuid.uuid4().hex[:12]}"
    environ = {
        "TEST_DATABASE": database_url,
        "TEST_MEDIA": str(media),
        "WHATSAPP_API": whatsapp,
        **more,
    }
    return load(FILE, environ, installed=set(installed()))
