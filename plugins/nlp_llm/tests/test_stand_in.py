"""The stand-in answers as OpenAI-compatible endpoints do."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from agente_hotelero.testing.nlp import request
from agente_hotelero_nlp_llm import prompts
from agente_hotelero_nlp_llm.answers import Answer, schema
from agente_hotelero_nlp_llm.config import NlpLlmConfig
from agente_hotelero_nlp_llm.testing import (
    KEY,
    MODEL,
    Served,
    StandIn,
    completion,
    create_app,
    schemas,
)
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.anyio
CONFIG = NlpLlmConfig(base_url="http://llm.example/v1", model=MODEL)
BODY = prompts.body(CONFIG, request("hola"), "hola")
WHOLE = schema(("es", "pt"))
BEARER = {"Authorization": f"Bearer {KEY}"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*Answer.model_fields, "quote", "number"]), inner)
    ),
    max_leaves=20,
)


@pytest.fixture
async def client(stand_in: StandIn) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(stand_in))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://llm.example/v1", headers=BEARER
    ) as http:
        yield http


async def test_a_completion_has_a_choice_and_its_usage(client: httpx.AsyncClient) -> None:
    answered = (await client.post("/chat/completions", json=BODY)).json()
    (choice,) = answered["choices"]
    assert choice["finish_reason"] == "stop"
    assert json.loads(choice["message"]["content"])["intents"][0]["name"] == "greeting"
    assert set(answered["usage"]) == {"prompt_tokens", "completion_tokens", "total_tokens"}


async def test_the_models_are_listed(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/models")).json()
    assert [one["id"] for one in listed["data"]] == [MODEL]


async def test_it_is_served_over_a_port(stand_in: StandIn) -> None:
    with Served(stand_in) as server:
        async with httpx.AsyncClient(headers=BEARER) as http:
            answered = await http.post(f"{server.url}/chat/completions", json=BODY)
    assert answered.status_code == 200
    assert stand_in.calls[0].path == "/v1/chat/completions"


@pytest.mark.parametrize("key", [None, "Bearer wrong", KEY], ids=["none", "wrong", "no bearer"])
async def test_who_has_no_key_is_not_heard(client: httpx.AsyncClient, key: str | None) -> None:
    client.headers.pop("authorization")
    headers = {"Authorization": key} if key else {}
    answered = await client.post("/chat/completions", json=BODY, headers=headers)
    assert answered.status_code == 401
    assert answered.json()["error"]["code"] == "invalid_api_key"


async def test_a_server_of_ones_own_may_need_no_key(
    client: httpx.AsyncClient, stand_in: StandIn
) -> None:
    stand_in.key = None
    client.headers.pop("authorization")
    assert (await client.get("/models")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/chat/completions", 405), ("POST", "/models", 405), ("POST", "/completions", 404)],
)
async def test_only_its_own_addresses_answer(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answered = await client.request(method, path, json=BODY)
    assert answered.status_code == status
    assert answered.json()["error"]["type"] == "invalid_request_error"


def without_strict(body: Any) -> None:
    body["response_format"]["json_schema"]["strict"] = False


def with_more_properties(body: Any) -> None:
    del body["response_format"]["json_schema"]["schema"]["additionalProperties"]


def with_an_optional_property(body: Any) -> None:
    body["response_format"]["json_schema"]["schema"]["required"].pop()


def with_an_optional_property_inside(body: Any) -> None:
    body["response_format"]["json_schema"]["schema"]["$defs"]["Wish"]["required"].pop()


def with_a_default(body: Any) -> None:
    whole = body["response_format"]["json_schema"]["schema"]
    whole["properties"]["person"]["default"] = None


def with_a_list_as_root(body: Any) -> None:
    form = body["response_format"]["json_schema"]
    form["schema"] = {"type": "array", "items": form["schema"]}


def with_json_of_any_kind(body: Any) -> None:
    body["response_format"] = {"type": "json_object"}


def with_a_bad_name(body: Any) -> None:
    body["response_format"]["json_schema"]["name"] = "what was said"


def with_two_guests(body: Any) -> None:
    body["messages"].append(body["messages"][1])


def with_content_that_is_none(body: Any) -> None:
    body["messages"][1]["content"] = None


def without_messages(body: Any) -> None:
    body["messages"] = "hola"


def without_a_limit(body: Any) -> None:
    del body["max_tokens"]


def with_too_much_heat(body: Any) -> None:
    body["temperature"] = 3


def with_an_unknown_parameter(body: Any) -> None:
    body["guest_phone"] = "+5491155551234"


@pytest.mark.parametrize(
    "spoil",
    [
        without_strict,
        with_more_properties,
        with_an_optional_property,
        with_an_optional_property_inside,
        with_a_default,
        with_a_list_as_root,
        with_json_of_any_kind,
        with_a_bad_name,
        with_two_guests,
        with_content_that_is_none,
        without_messages,
        without_a_limit,
        with_too_much_heat,
        with_an_unknown_parameter,
    ],
)
async def test_a_bad_request_is_refused(
    client: httpx.AsyncClient, spoil: Callable[[Any], None]
) -> None:
    body = copy.deepcopy(BODY)
    spoil(body)
    answered = await client.post("/chat/completions", json=body)
    assert (answered.status_code, bool(answered.json()["error"]["message"])) == (400, True)


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
async def test_a_body_that_is_no_object_is_refused(
    client: httpx.AsyncClient, content: bytes
) -> None:
    assert (await client.post("/chat/completions", content=content)).status_code == 400


async def test_another_model_does_not_exist(client: httpx.AsyncClient) -> None:
    answered = await client.post("/chat/completions", json=BODY | {"model": "other"})
    assert (answered.status_code, answered.json()["error"]["code"]) == (404, "model_not_found")


async def test_queued_answers_go_out_once(client: httpx.AsyncClient, stand_in: StandIn) -> None:
    stand_in.queued = [completion(None, refusal="No.")]
    first = (await client.post("/chat/completions", json=BODY)).json()
    second = (await client.post("/chat/completions", json=BODY)).json()
    told = [one["choices"][0]["message"]["refusal"] for one in (first, second)]
    assert told == ["No.", None]


def test_the_schema_keeps_to_the_rules_of_strict_mode() -> None:
    assert schemas.complaints(WHOLE) == []


@given(JSON)
def test_whatever_a_model_says_comes_out_in_the_form(said: Any) -> None:
    held = schemas.constrained(said, WHOLE, WHOLE)
    assert schemas.fits(held, WHOLE, WHOLE)
    Answer.model_validate(held)


@given(JSON)
def test_the_stand_in_and_the_engine_agree_on_what_fits(said: Any) -> None:
    said = {**schemas.constrained({}, WHOLE, WHOLE), **(said if isinstance(said, dict) else {})}
    try:
        Answer.model_validate(said)
    except ValueError:
        assert not schemas.fits(said, WHOLE, WHOLE)
    else:
        # A language is the one thing that the engine checks later, against the request.
        assert schemas.fits(said | {"language": "es"}, WHOLE, WHOLE)
