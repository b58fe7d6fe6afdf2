"""Who may come in: log in and out, people of a hotel, tokens for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from agente_hotelero._db import desk as rows
from agente_hotelero._db.staff_models import StaffUser
from agente_hotelero._runtime import door, tokens
from agente_hotelero._runtime.agent import Agent
from agente_hotelero._web.admin.access import (
    BEARER,
    Credentials,
    Hotel,
    Known,
    in_http,
    needs,
)
from agente_hotelero.desk import Caller
from agente_hotelero.errors import AuthFailed
from agente_hotelero.pages import Plain


def _free(name: str) -> str:
    door.check_name(name)
    return name


Role = Literal["read-only", "staff", "owner"]
LONGEST_TOKEN = timedelta(days=90)
Name = Annotated[
    Plain, AfterValidator(_free), Field(min_length=2, max_length=60, pattern=r"^[\w.@+ -]+$")
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Login(_Body):
    name: Plain = Field(max_length=60)
    password: SecretStr = Field(max_length=200)


class Token(_Body):
    token: str


class MadeToken(Token):
    """The id is what `revoke` takes; the token itself is shown once."""

    id: str


class Revoked(_Body):
    id: Plain = Field(max_length=64)


class Me(_Body):
    name: str
    role: str
    tenants: Sequence[str]


class Person(_Body):
    name: str
    role: str
    tenants: Sequence[str]
    active: bool


class NewPerson(_Body):
    name: Name
    role: Role
    password: SecretStr = Field(min_length=door.SHORTEST_PASSWORD, max_length=200)


class Change(_Body):
    """What is not given stays."""

    role: Role | None = None
    active: bool | None = None
    password: SecretStr | None = Field(
        default=None, min_length=door.SHORTEST_PASSWORD, max_length=200
    )


class NewToken(_Body):
    role: Role
    hours: int = Field(ge=1, le=24 * 90)
    name: Name


def router(agent: Agent) -> APIRouter:
    """Logging in is public; people and tokens of a hotel need ``owner``."""
    routes = APIRouter(tags=["people"])
    _sessions(routes, agent)
    _people(routes, agent)
    _tokens(routes, agent)
    return routes


def _sessions(routes: APIRouter, agent: Agent) -> None:
    @routes.post("/login")
    async def login(given: Login) -> Token:
        """A token for a shift. 401 for a wrong name or password, 429 after too many tries."""
        with in_http():
            try:
                made = await agent.door.login(given.name, given.password.get_secret_value())
            except AuthFailed as error:
                raise HTTPException(401, "wrong name or password") from error
        return Token(token=made)

    @routes.post("/logout", status_code=204, dependencies=[Depends(BEARER)])
    async def logout(caller: Known, credentials: Credentials) -> None:
        """From now on nobody may use this token."""
        await agent.door.logout(credentials.credentials if credentials else "")

    @routes.get("/me")
    async def me(caller: Known) -> Me:
        """Who calls, and for which hotels."""
        return Me(name=caller.name, role=caller.role, tenants=sorted(caller.tenants))


def _people(routes: APIRouter, agent: Agent) -> None:
    @routes.get("/tenants/{tenant}/people")
    async def people(tenant: Hotel, caller: Known) -> Sequence[Person]:
        needs(caller, "owner")
        async with agent.database.sessions() as session:
            found = await rows.users(session, tenant)
        return [_person(one, caller) for one in found]

    @routes.post("/tenants/{tenant}/people", status_code=201)
    async def add(tenant: Hotel, new: NewPerson, caller: Known) -> Person:
        needs(caller, "owner")
        now = datetime.now(UTC)
        made = StaffUser(
            name=new.name,
            password_hash=door.hashed(new.password.get_secret_value()),
            role=new.role,
            tenants=[tenant],
            created_at=now,
            tokens_after=now,
        )
        try:
            async with agent.database.sessions() as session, session.begin():
                await rows.add_user(session, made)
                target = f"person {new.name}"
                await _audited(session, agent, tenant, caller, "add", target, {"role": new.role})
        except IntegrityError as error:
            raise HTTPException(409, "this name is taken") from error
        return _person(made, caller)

    @routes.patch("/tenants/{tenant}/people/{name}", status_code=204)
    async def change(tenant: Hotel, name: Plain, change: Change, caller: Known) -> None:
        """Another role, another password, or no way in any more."""
        needs(caller, "owner")
        values = change.model_dump(exclude_none=True, exclude={"password"})
        async with agent.database.sessions() as session, session.begin():
            user = await rows.user(session, name)
            if (
                user is None
                or not set(user.tenants) <= caller.tenants
                or tenant not in user.tenants
            ):
                raise HTTPException(404, "no such person")
            before: dict[str, object] = {key: getattr(user, key) for key in values}
            if change.password is not None:
                values["password_hash"] = door.hashed(change.password.get_secret_value())
            if change.password is not None or change.active is not None:
                values["tokens_after"] = datetime.now(UTC)
            if values:
                await rows.change_user(session, name, **values)
            after = change.model_dump(exclude_none=True, exclude={"password"})
            target = f"person {name}"
            await _audited(session, agent, tenant, caller, "change", target, after, before)


def _tokens(routes: APIRouter, agent: Agent) -> None:
    @routes.post("/tenants/{tenant}/tokens", status_code=201)
    async def make(
        tenant: Hotel, new: NewToken, caller: Known, credentials: Credentials
    ) -> MadeToken:
        """A token for a program of this hotel. It ends with the rights of whoever made it, and if
        that is a program, with its token."""
        needs(caller, "owner")
        made, token_id = tokens.make(
            agent.door.settings,
            role=new.role,
            tenants=[tenant],
            hours=new.hours,
            name=new.name,
            parent=tokens.read(agent.door.settings, credentials.credentials if credentials else ""),
        )
        after = {"role": new.role, "hours": new.hours, "name": new.name}
        async with agent.database.sessions() as session, session.begin():
            target = f"token {token_id}"
            await _audited(session, agent, tenant, caller, "token", target, after)
        return MadeToken(token=made, id=token_id)

    @routes.post("/tenants/{tenant}/tokens/revoke", status_code=204)
    async def revoke(tenant: Hotel, given: Revoked, caller: Known) -> None:
        """End a token of this hotel before its time; the audit log has the ids of all."""
        needs(caller, "owner")
        async with agent.database.sessions() as session, session.begin():
            if not await rows.was_made(session, tenant, given.id):
                raise HTTPException(404, "no such token")
            await _audited(session, agent, tenant, caller, "revoke", f"token {given.id}", {})
        await agent.door.revoke(given.id, agent.clock.now() + LONGEST_TOKEN)


async def _audited(
    session: AsyncSession,
    agent: Agent,
    tenant: str,
    caller: Caller,
    action: str,
    target: str,
    after: Mapping[str, object],
    before: Mapping[str, object] | None = None,
) -> None:
    now = agent.clock.now()
    await rows.audit(session, tenant, caller.name, action, target, now, before=before, after=after)


def _person(user: StaffUser, caller: Caller) -> Person:
    """With those hotels only that the caller may know."""
    hotels = sorted(set(user.tenants) & caller.tenants)
    return Person(name=user.name, role=user.role, tenants=hotels, active=user.active)
