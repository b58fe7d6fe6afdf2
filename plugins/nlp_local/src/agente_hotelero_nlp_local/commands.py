"""``hotelero nlu``: read texts outside a conversation, say why, and measure on a file."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from agente_hotelero.components import Question
from agente_hotelero.config import QuestionName, QuestionSettings
from agente_hotelero.messages import Entity, StayHint, Understanding, UnderstandRequest
from pydantic import TypeAdapter, ValidationError

from agente_hotelero_nlp_local import intents, model, phrases, reports
from agente_hotelero_nlp_local.engine import read, taught
from agente_hotelero_nlp_local.phrases import LANGUAGES


def _classifier(
    context: click.Context, parameter: click.Parameter, file: Path | None
) -> intents.Classifier:
    """The shipped model, or that taught by a hotel's file of questions."""
    return taught(_questions(file)) if file else model.shipped()


def _questions(file: Path) -> list[Question]:
    try:
        read_as = tomllib.loads(file.read_text(encoding="utf-8"))
        checked = TypeAdapter(dict[QuestionName, QuestionSettings]).validate_python(read_as)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise click.ClickException(f"{file}: {error}") from None
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        told = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found]
        raise click.ClickException("\n".join([f"{file}:", *told])) from None
    return [Question(name=name, phrases=one.examples()) for name, one in checked.items()]


with_questions = click.option(
    "--questions",
    "classifier",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    callback=_classifier,
    help="A hotel's file of questions, to be learned first.",
)


@click.group()
def nlu() -> None:
    """What the local engine makes of words."""


@nlu.command("parse")
@click.option("--jsonl", is_flag=True, required=True, help="A JSON object a line, in and out.")
@with_questions
@click.argument("source", type=click.File(encoding="utf-8"), default="-")
def parse_lines(jsonl: bool, classifier: intents.Classifier, source: TextIO) -> None:
    """Read `{"text", "lang"?, "ref"?, "zone"?}` a line and write what was understood.

    A line that cannot be used is answered by {"error"}, and the exit code is 1.
    """
    failed = False
    for line in source:
        if line.strip():
            try:
                answer = shown(read(request_of(json.loads(line)), known=classifier))
            except (ValueError, TypeError, KeyError, ZoneInfoNotFoundError) as error:
                failed, answer = True, {"error": f"{type(error).__name__}: {error}"}
            click.echo(json.dumps(answer, ensure_ascii=False))
    sys.exit(1 if failed else 0)


@nlu.command()
@click.argument("text")
@click.option("--lang", type=click.Choice(LANGUAGES))
@with_questions
def explain(text: str, lang: str | None, classifier: intents.Classifier) -> None:
    """Say why a text is read as it is: scores, the nearest phrases, the entities."""
    given = {"text": text, "lang": lang}
    understood = read(request_of(given), known=classifier)
    click.echo(reports.explanation(text, understood, classifier))


@nlu.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--lang", type=click.Choice(LANGUAGES), required=True)
@with_questions
def test(file: Path, lang: str, classifier: intents.Classifier) -> None:
    """Measure on a file of `# intent` headings and a phrase a line."""
    try:
        examples = list(phrases.read(file.read_text(encoding="utf-8"), lang))
    except ValueError as error:
        raise click.ClickException(f"{file}: {error}") from None
    click.echo(reports.report(examples, classifier))


def request_of(given: Mapping[str, Any]) -> UnderstandRequest:
    """A line as a request; without `ref` now, without `zone` UTC. Raises ValueError, KeyError."""
    if not isinstance(given["text"], str):
        raise TypeError("text is a string")
    zone = ZoneInfo(given.get("zone") or "UTC")
    return UnderstandRequest(
        text=given["text"],
        language=given.get("lang"),
        languages=LANGUAGES,
        reference=_instant(given.get("ref"), zone),
        zone=zone,
    )


def _instant(ref: str | None, zone: ZoneInfo) -> datetime:
    """A date means its noon in the zone; an instant without a zone is one there."""
    if ref is None:
        return datetime.now(UTC).astimezone(zone)
    if len(ref) == len("2026-11-18"):
        return datetime.combine(date.fromisoformat(ref), time(12), zone)
    found = datetime.fromisoformat(ref)
    return found.astimezone(zone) if found.tzinfo else found.replace(tzinfo=zone)


def shown(understood: Understanding) -> dict[str, Any]:
    """An understanding as JSON."""
    return {
        "language": understood.language,
        "intents": [{"name": one.name, "confidence": one.confidence} for one in understood.intents],
        "verdict": understood.verdict,
        "entities": [_entity(one) for one in understood.entities],
    }


def _entity(entity: Entity) -> dict[str, Any]:
    return {
        "type": entity.type,
        "text": entity.text,
        "span": list(entity.span),
        "value": _value(entity.value),
        "alternatives": [_value(other) for other in entity.alternatives],
    }


def _value(value: Any) -> Any:
    if isinstance(value, StayHint):
        return _stay(value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if is_dataclass(value) and not isinstance(value, type):
        return {key: _plain(item) for key, item in asdict(value).items()}
    return _plain(value)


def _plain(value: Any) -> Any:
    return (
        value if isinstance(value, str | int | float | bool | list | tuple | None) else str(value)
    )


def _stay(hint: StayHint) -> dict[str, Any]:
    """Arrival and departure, one by the other and the nights; nights alone where neither is."""
    departure = hint.departure
    if departure is None and hint.arrival is not None and hint.nights is not None:
        departure = hint.arrival + timedelta(days=hint.nights)
    told: dict[str, Any] = {
        "arrival": hint.arrival.isoformat() if hint.arrival else None,
        "departure": departure.isoformat() if departure else None,
    }
    alone = hint.nights is not None and None in told.values()
    return {**told, "nights": hint.nights} if alone else told
