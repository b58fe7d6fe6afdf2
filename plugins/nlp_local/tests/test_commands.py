from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from agente_hotelero_nlp_local.commands import nlu
from click.testing import CliRunner


def parse(*lines: Any) -> tuple[int, list[dict[str, Any]]]:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    result = CliRunner().invoke(nlu, ["parse", "--jsonl"], input=text)
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def test_a_line_in_is_a_line_out() -> None:
    code, (stay, hello) = parse(
        {"text": "quiero una doble del 24 al 27 de diciembre", "lang": "es", "ref": "2026-11-18"},
        {"text": "good morning"},
    )
    assert code == 0
    (dates,) = [one for one in stay["entities"] if one["type"] == "stay"]
    assert dates["value"] == {"arrival": "2026-12-24", "departure": "2026-12-27"}
    start, end = dates["span"]
    assert "quiero una doble del 24 al 27 de diciembre"[start:end] == dates["text"]
    assert (hello["language"], hello["intents"][0]["name"]) == ("en", "greeting")
    assert set(hello) == {"language", "intents", "verdict", "entities"}


def test_nights_give_the_departure() -> None:
    _, (found,) = parse({"text": "mañana por 3 noches", "lang": "es", "ref": "2026-11-18"})
    (dates,) = [one for one in found["entities"] if one["type"] == "stay"]
    assert dates["value"] == {"arrival": "2026-11-19", "departure": "2026-11-22"}


def test_nights_alone_are_kept() -> None:
    _, (found,) = parse({"text": "serían 3 noches", "lang": "es", "ref": "2026-11-18"})
    (dates,) = [one for one in found["entities"] if one["type"] == "stay"]
    assert dates["value"] == {"arrival": None, "departure": None, "nights": 3}


@pytest.mark.parametrize(
    ("ref", "zone", "tomorrow"),
    [
        ("2026-11-18", "America/Argentina/Buenos_Aires", "2026-11-19"),
        ("2026-11-19T01:00:00+00:00", "America/Argentina/Buenos_Aires", "2026-11-19"),
        ("2026-11-19T01:00:00+00:00", "UTC", "2026-11-20"),
    ],
)
def test_tomorrow_is_that_of_the_zone(ref: str, zone: str, tomorrow: str) -> None:
    _, (found,) = parse({"text": "para mañana", "lang": "es", "ref": ref, "zone": zone})
    assert found["entities"][0]["value"]["arrival"] == tomorrow


@pytest.mark.parametrize(
    "bad", ["{", "[]", '{"lang": "es"}', '{"text": 3}', '{"text": "a", "zone": "Mars/Base"}']
)
def test_a_line_that_cannot_be_used_is_told_and_the_next_is_read(bad: str) -> None:
    code, (told, read) = parse(bad, {"text": "hola"})
    assert code == 1
    assert "error" in told
    assert read["intents"][0]["name"] == "greeting"


def test_a_file_is_measured_with_what_went_wrong(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("# greeting\nhola, buen día\n# goodbye\n¿hay wifi en las habitaciones?\n")
    result = CliRunner().invoke(nlu, ["test", str(file), "--lang", "es"])
    assert "1 of 2 right (50.0%)" in result.stdout
    assert "'¿hay wifi en las habitaciones?': goodbye → " in result.stdout


def test_a_reading_is_explained_by_phrases_like_it() -> None:
    result = CliRunner().invoke(nlu, ["explain", "¿a qué hora es el desayuno?"])
    assert "nearest phrases:" in result.stdout
    assert "desayuno" in result.stdout.split("nearest phrases:")[1]
