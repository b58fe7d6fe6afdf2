from __future__ import annotations

import re
from importlib.resources import files

import pytest

ROOT = files("agente_hotelero_front_desk") / "templates"
SOURCES = files("agente_hotelero_front_desk")


def names(language: str) -> set[str]:
    return {file.name.removesuffix(".j2") for file in (ROOT / language).iterdir()}


@pytest.mark.parametrize("language", ["pt", "en"])
def test_every_language_says_the_same_things(language: str) -> None:
    assert names(language) == names("es")


def test_every_template_is_used_and_every_used_one_exists() -> None:
    code = "".join(
        file.read_text(encoding="utf-8") for file in SOURCES.iterdir() if file.name.endswith(".py")
    )
    used = set(re.findall(r'front_desk/(\w+)"', code))
    used |= {
        "thanks",
        "goodbye",
        "acknowledged",
        "checkin_time",
        "checkout_time",
        "terms",
        "no_hurry",
    }
    used |= {f"ask_{step}" for step in ("dates", "nights", "party", "ages", "name", "email")}
    used |= {f"ask_new_{step}" for step in ("dates", "party", "ages")}
    used |= {f"sure_{wish}" for wish in ("cancel", "change", "late_checkout", "early_checkin")}
    assert used == names("es")


@pytest.mark.parametrize("name", sorted(names("es")))
def test_the_languages_use_the_same_values(name: str) -> None:
    found = {
        language: set(
            re.findall(r"{{ ([\w.]+)", (ROOT / language / f"{name}.j2").read_text(encoding="utf-8"))
        )
        for language in ("es", "pt", "en")
    }
    assert found["es"] == found["pt"] == found["en"]
