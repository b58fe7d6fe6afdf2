"""Fixtures for all tests of the repository."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

POSTGRES = os.environ.get("HOTELERO_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/postgres")
# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("untimed", parent=hypothesis.settings.default, deadline=None)
hypothesis.settings.load_profile("untimed")
REDIS = os.environ.get("HOTELERO_TEST_REDIS", "redis://127.0.0.1:6379/0")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """An empty PostgreSQL database; without a server, a failure in CI and a skip elsewhere."""
    name = f"hotelero_{uuid.uuid4().hex[:12]}"
    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        if os.environ.get("CI"):
            raise
        pytest.skip("no PostgreSQL server answers; set HOTELERO_TEST_POSTGRES")
    with admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        yield POSTGRES.rsplit("/", 1)[0] + f"/{name}"
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def redis_url() -> str:
    """A Redis server; where none answers, a failure in CI and a skip elsewhere."""
    try:
        Redis.from_url(REDIS, socket_connect_timeout=3).ping()
    except RedisConnectionError:
        if os.environ.get("CI"):
            raise
        pytest.skip("no Redis server answers; set HOTELERO_TEST_REDIS")
    return REDIS


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Each kind of database in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/agent.db"
    url: str = request.getfixturevalue("postgres_url")
    return url
