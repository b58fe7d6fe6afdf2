from __future__ import annotations

import hashlib
import hmac
import json

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


def request(body: bytes, header: str | None, account: str = "") -> WebhookRequest:
    headers = {} if header is None else {"x-hub-signature-256": header}
    return WebhookRequest(query={}, headers=headers, body=body, account=account)


def signed(secret: str, body: bytes = b"{}", account: str = "") -> WebhookRequest:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return request(body, f"sha256={digest}", account)


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
    with pytest.raises(AuthFailed):
        ingress().verify(signed(""))


def test_an_accounts_own_address_takes_its_own_secret_alone() -> None:
    both = ingress(SOL, LUNA)
    assert both.verify(signed("otro_secreto", account="10002")) == ["10002"]
    for secret, account in [("test_app_secret", "10002"), ("otro_secreto", "10003")]:
        with pytest.raises(AuthFailed):
            both.verify(signed(secret, account=account))


def test_an_accounts_own_address_brings_what_is_for_its_neighbours_of_one_app() -> None:
    both = ingress(SOL, config("10003"), LUNA)
    assert both.verify(signed("test_app_secret", account="10003")) == ["10001", "10003"]


def test_while_a_secret_is_changed_both_are_good() -> None:
    changing = ingress(config("10001", "new", app_secret_previous="old"), LUNA)
    assert [changing.verify(signed(secret)) for secret in ("new", "old")] == [["10001"]] * 2
    assert changing.verify(signed("old", account="10001")) == ["10001"]
    with pytest.raises(AuthFailed):
        changing.verify(signed("older"))


def test_an_empty_previous_secret_opens_nothing() -> None:
    with pytest.raises(AuthFailed):
        ingress(config("10001", app_secret_previous="")).verify(signed(""))


def test_news_of_a_business_go_to_the_first_number_in_it() -> None:
    first, second = (config(number, business_account_id="20002") for number in ("10005", "10004"))
    changes = [{"field": "account_update", "value": {"event": "ACCOUNT_DELETED"}}]
    body = {"object": "whatsapp_business_account", "entry": [{"id": "20002", "changes": changes}]}
    (event,) = ingress(SOL, first, second).parse(json.dumps(body).encode())
    assert event.account == "10005"


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


def test_the_handshake_at_an_accounts_own_address_takes_its_own_token() -> None:
    both = ingress(SOL, LUNA)
    assert both.handshake(query(token="verify-10002"), "10002") == "c<1>"
    for token, account in [("verify-10001", "10002"), ("verify-10001", "10009")]:
        with pytest.raises(AuthFailed):
            both.handshake(query(token=token), account)


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
    assert config("10001", app_secret="own").of("10001", "app_secret") == "own"
