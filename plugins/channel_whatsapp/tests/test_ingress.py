from __future__ import annotations

import hashlib
import hmac

import pytest
from agente_hotelero import Account, WebhookRequest
from agente_hotelero.errors import AuthFailed
from agente_hotelero_channel_whatsapp.config import WhatsAppConfig
from agente_hotelero_channel_whatsapp.ingress import WhatsAppIngress
from pydantic import ValidationError

# Vectors: facts of the WhatsApp Cloud API, recomputed with another implementation.
VECTORS = [
    (
        b'{"object":"whatsapp_business_account","entry":[]}',
        "dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756",
    ),
    (
        b'{"object": "whatsapp_business_account", "entry": []}',
        "56cbbaf4961c6cfdae48b7f116c047e5eb513d2c931baae63a2bc1afd26f803a",
    ),
    (
        '{"a":"ñ"}'.encode(),
        "ad02062054fb3d8d48ca10f71f072fc4dcacd27415770f3d41d763807bd6d73b",
    ),
    (b'{"a":"\\u00f1"}', "7ac7ab56f6ca8bb919f6dba6a4f4e6e32d4253d757d7ad12710258c7adf9a32e"),
]


def config(number: str, secret: str = "test_app_secret", **own: str) -> WhatsAppConfig:
    common = {"access_token": "t", "app_secret": secret, "verify_token": f"verify-{number}"}
    return WhatsAppConfig.model_validate(
        {**common, "accounts": [{"phone_number_id": number, **own}]}
    )


def ingress(*configs: WhatsAppConfig) -> WhatsAppIngress:
    return WhatsAppIngress(
        [
            Account(id=one.accounts[0].phone_number_id, tenant=f"t{place}", config=one)
            for place, one in enumerate(configs)
        ]
    )


def request(body: bytes, header: str | None) -> WebhookRequest:
    headers = {} if header is None else {"x-hub-signature-256": header}
    return WebhookRequest(query={}, headers=headers, body=body)


SOL, LUNA = config("10001"), config("10002", "otro_secreto")


@pytest.mark.parametrize(("body", "digest"), VECTORS)
def test_the_signature_is_of_the_raw_bytes(body: bytes, digest: str) -> None:
    assert ingress(SOL).verify(request(body, f"sha256={digest}")) == ["10001"]


def test_only_the_accounts_of_the_secret_that_signed_are_accepted() -> None:
    body = VECTORS[0][0]
    digest = "769b03d8c2ae6498f2d1e1f7299c0ba55448c69d741e7b0bb243d852d8a8d8c7"
    assert ingress(SOL, LUNA).verify(request(body, f"sha256={digest}")) == ["10002"]


def test_two_numbers_of_one_app_are_both_accepted() -> None:
    both = ingress(SOL, config("10003"))
    assert both.verify(request(VECTORS[0][0], f"sha256={VECTORS[0][1]}")) == ["10001", "10003"]


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        "sha1=" + VECTORS[0][1],
        "sha256=" + VECTORS[1][1],
        "sha256=" + VECTORS[0][1][:-1],
        "sha256=" + VECTORS[0][1] + "\n",
        "sha256=ñ" + VECTORS[0][1][1:],
        "dummy",
    ],
)
def test_anything_else_is_refused(header: str | None) -> None:
    with pytest.raises(AuthFailed):
        ingress(SOL, LUNA).verify(request(VECTORS[0][0], header))


def test_without_accounts_nothing_is_accepted() -> None:
    signed = hmac.new(b"", b"{}", hashlib.sha256).hexdigest()
    with pytest.raises(AuthFailed):
        ingress().verify(request(b"{}", f"sha256={signed}"))


def query(mode: str = "subscribe", token: str = "verify-10001") -> dict[str, str]:
    return {"hub.mode": mode, "hub.verify_token": token, "hub.challenge": "c<1>"}


def test_the_handshake_returns_the_challenge_as_it_is() -> None:
    assert ingress(SOL).handshake(query()) == "c<1>"


@pytest.mark.parametrize(
    "asked",
    [query(mode="unsubscribe"), query(token="wrong"), query(token=""), query(token="ñ"), {}],
    ids=["mode", "token", "empty", "not ascii", "nothing"],
)
def test_a_wrong_handshake_is_refused(asked: dict[str, str]) -> None:
    with pytest.raises(AuthFailed):
        ingress(SOL).handshake(asked)


@pytest.mark.parametrize("name", ["access_token", "app_secret", "verify_token"])
def test_an_account_without_one_of_its_secrets_is_refused(name: str) -> None:
    settings = {"access_token": "hunter2", "app_secret": "hunter2", "verify_token": "hunter2"}
    del settings[name]
    with pytest.raises(ValidationError) as caught:
        WhatsAppConfig.model_validate({**settings, "accounts": [{"phone_number_id": "10001"}]})
    (problem,) = caught.value.errors(include_input=False)
    assert name in problem["msg"]
    assert "hunter2" not in problem["msg"]


def test_an_empty_secret_is_no_secret() -> None:
    with pytest.raises(ValidationError, match="app_secret"):
        config("10001", "")


def test_an_account_may_have_secrets_of_its_own() -> None:
    assert config("10001", app_secret="own").secret("10001", "app_secret") == "own"
