from __future__ import annotations

from pathlib import Path

import pytest
from agente_hotelero.config import load
from agente_hotelero.errors import ConfigError

INSTALLED = {
    "front_desk",
    "nlp_local",
    "pms_mock",
    "pms_qloapps",
    "channel_web",
    "channel_whatsapp",
}
HOTEL = """
[plugins.pms_mock]
enabled = true
currency = "USD"
[tenants.sol]
name = "Hotel Sol"
time_zone = "America/Sao_Paulo"
pms = "pms_mock"
[tenants.sol.flags]
review_requests = true
[tenants.sol.plugins.pms_mock]
currency = "BRL"
"""


def written(tmp_path: Path, text: str = HOTEL) -> Path:
    path = tmp_path / "hotel.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(path: Path | None, environ: dict[str, str]) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load(path, environ, installed=INSTALLED)
    return {problem.path: str(problem) for problem in caught.value.problems}


def test_nothing_configured_means_the_demo_hotel() -> None:
    settings = load(None, {}, installed=INSTALLED)
    assert list(settings.tenants) == ["default"]
    assert settings.tenants["default"].channels == ("channel_web",)
    assert "wifi" in settings.tenants["default"].house


def test_the_demo_uses_only_what_is_installed() -> None:
    settings = load(None, {}, installed={"front_desk", "pms_mock"})
    tenant = settings.tenants["default"]
    assert (tenant.channels, tenant.nlp, tenant.pms) == ((), (), "pms_mock")


def test_a_hotel_of_the_environment_has_none_of_the_demos_facts() -> None:
    environ = {
        "HOTEL_NAME": "Posada Real",
        "HOTEL_TIME_ZONE": "America/Bogota",
        "WHATSAPP_PHONE_NUMBER_ID": "109",
        "WHATSAPP_ACCESS_TOKEN": "t",
        "WHATSAPP_APP_SECRET": "s",
        "WHATSAPP_VERIFY_TOKEN": "v",
        "WHATSAPP_BUSINESS_ACCOUNT_ID": "102",
    }
    tenant = load(None, environ, installed=INSTALLED).tenants["default"]
    assert tenant.name == "Posada Real"
    assert tenant.house == {}
    assert "channel_whatsapp" in tenant.channels
    whatsapp = tenant.plugins["channel_whatsapp"]
    assert whatsapp["accounts"] == [{"phone_number_id": "109"}]
    assert whatsapp["business_account_id"] == "102"


def test_the_pms_of_the_environment_gets_its_address_and_key() -> None:
    environ = {"PMS_TYPE": "qloapps", "PMS_BASE_URL": "https://pms.example", "PMS_API_KEY": "k"}
    settings = load(None, environ, installed=INSTALLED)
    assert settings.tenants["default"].pms == "pms_qloapps"
    assert settings.plugins["pms_qloapps"].enabled
    assert settings.tenants["default"].plugins["pms_qloapps"] == {
        "base_url": "https://pms.example",
        "api_key": "k",
    }


def test_a_path_in_the_environment_overrides_the_file(tmp_path: Path) -> None:
    environ = {
        "HOTELERO__TENANTS__SOL__FLAGS__REVIEW_REQUESTS": "false",
        "HOTELERO__TENANTS__SOL__LANGUAGES": '["pt", "en"]',
        "HOTELERO__POLL_SECONDS": "0.5",
    }
    settings = load(written(tmp_path), environ, installed=INSTALLED)
    assert settings.flag("sol", "review_requests") is False
    assert settings.tenants["sol"].languages == ("pt", "en")
    assert settings.poll_seconds == 0.5


def test_a_flag_that_is_not_named_is_on_but_for_reviews(tmp_path: Path) -> None:
    text = HOTEL.replace("review_requests = true", "")
    settings = load(written(tmp_path, text), {}, installed=INSTALLED)
    assert settings.flag("sol", "channel_web") is True
    assert settings.flag("sol", "review_requests") is False


def test_secrets_come_from_the_environment_and_from_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-file\n", encoding="utf-8")
    text = HOTEL + f'api_key = {{ "$env" = "KEY" }}\nother = {{ "$file" = "{tmp_path}/key" }}\n'
    settings = load(written(tmp_path, text), {"KEY": "from-env"}, installed=INSTALLED)
    section = settings.tenants["sol"].plugins["pms_mock"]
    assert (section["api_key"], section["other"]) == ("from-env", "from-file")


def test_a_secret_that_is_missing_is_named_by_its_place(tmp_path: Path) -> None:
    found = problems(written(tmp_path, HOTEL + 'api_key = { "$env" = "KEY" }\n'), {})
    assert found["tenants.sol.plugins.pms_mock.api_key"].endswith("variable KEY is not set")


@pytest.mark.parametrize(
    ("name", "value", "path", "words"),
    [
        pytest.param("SOL__TIME_ZONE", "hunter2", "tenants.sol.time_zone", "IANA", id="zone"),
        pytest.param("SOL__TIMEZONE", "hunter2", "tenants.sol.timezone", "time_zone", id="unknown"),
        pytest.param("SOL__PMS", "hunter2", "tenants.sol.pms", "pms_mock", id="plugin"),
        pytest.param(
            "SOL__LANGUAGES", '["hunter2"]', "tenants.sol.languages.0", "'es'", id="choice"
        ),
    ],
)
def test_a_wrong_setting_is_told_with_path_and_choice_but_without_value(
    tmp_path: Path, name: str, value: str, path: str, words: str
) -> None:
    found = problems(written(tmp_path), {f"HOTELERO__TENANTS__{name}": value})
    assert words in found[path]
    assert "hunter2" not in found[path] or path.endswith("pms")


def test_an_unknown_plugin_is_refused_with_those_that_are_there(tmp_path: Path) -> None:
    found = problems(written(tmp_path, HOTEL + "[plugins.pms_acme]\nenabled = true\n"), {})
    assert "channel_web" in found["plugins.pms_acme"]


def test_a_file_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "[tenants.sol\nname =")
    assert "not valid TOML" in problems(path, {})[str(path)]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    assert "cannot be read" in problems(path, {})[str(path)]


def test_names_for_one_hotel_do_not_mix_with_tenants(tmp_path: Path) -> None:
    found = problems(written(tmp_path), {"HOTEL_NAME": "Otro"})
    assert "HOTEL_NAME" in found["tenants"]


@pytest.mark.parametrize("secret", ["", "changeme", "development-only-secret"])
def test_production_needs_a_secret_of_its_own(tmp_path: Path, secret: str) -> None:
    environ = {"ENVIRONMENT": "production", "HOTELERO__SECRET_KEY": secret}
    assert "secret_key" in problems(written(tmp_path), environ)


def test_production_needs_the_pms_to_be_chosen() -> None:
    environ = {"ENVIRONMENT": "production", "SECRET_KEY": "long-and-random"}
    assert "tenants.default.pms" in problems(None, environ)
    assert load(None, {**environ, "PMS_TYPE": "mock"}, installed=INSTALLED)


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    settings = load(None, {"SECRET_KEY": "hunter2"}, installed=INSTALLED)
    assert "hunter2" not in repr(settings)
