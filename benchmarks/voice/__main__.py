"""`python -m benchmarks.voice [--notes FILE.jsonl] [--parts]`: judge any file of the corpus's form.

A line is ``{"file", "lang", "text", "must_survive"?, "condition"?, "known"?}``; files stand beside
it. The default is the tests' own notes. With --parts also speed, memory and the event loop.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from agente_hotelero._runtime.doubts import doubts
from agente_hotelero.audio import Sounds
from agente_hotelero.messages import Content, Understanding, UnderstandRequest
from agente_hotelero.speech import ListenRequest, Transcript
from agente_hotelero.workers import Worker
from agente_hotelero_nlp_local.engine import read
from agente_hotelero_stt_tts.commands import listener, speaker
from agente_hotelero_stt_tts.config import SttTtsConfig
from agente_hotelero_stt_tts.listening import listen

from benchmarks.voice import parts, scoring
from benchmarks.voice.scoring import Scored

DEFAULT = Path(__file__).parents[2] / "tests" / "notes" / "notes.jsonl"
LANGUAGES = ("es", "pt", "en")
# The product knows the hotel's name and its rooms'; here the name alone.
HINTS = ("Hotel Sol",)
SUMMARISED = frozenset({"stay", "party"})


async def hear_all(notes: Sequence[dict[str, Any]], folder: Path, ears: Worker) -> list[Transcript]:
    """Each note as the product hears it: its language is not told, but for what the guest has
    spoken before (`known`)."""
    sounds, found = Sounds(), []
    for note in notes:
        pcm = await sounds.decode((folder / note["file"]).read_bytes())
        request = ListenRequest(
            pcm=pcm, languages=LANGUAGES, language=note.get("known"), hints=HINTS
        )
        found.append(await listen(ears, request))
    await sounds.aclose()
    return found


def fate(one: Scored, text: str, heard: Transcript) -> dict[str, str]:
    """What becomes of each date, count, room or amount that was lost, by what stands in its place:
    `read back`, `summarised` (what it would lead to is shown and needs a yes), `asked for` (nothing
    was taken for it), or `acted on`."""
    lost = [fact for fact in one.lost if scoring.counts(fact, one.language)]
    if not lost:
        return {}
    understood = _understood(heard)
    told = doubts([Content(text=heard.text, heard=heard)], understood, date.min)
    return {fact: _end(fact, text, heard.text, one.language, understood, told) for fact in lost}


def _end(
    fact: str,
    text: str,
    heard: str,
    language: str,
    understood: Understanding,
    told: Sequence[str],
) -> str:
    place = scoring.stretch(fact, text, heard, language)
    if place is None:
        return "asked for"
    begin, end = place
    spots = [found.span() for part in told for found in re.finditer(re.escape(part), heard)]
    if any(first < end and begin < last for first, last in spots):
        return "read back"
    entities = [one for one in understood.entities if one.span[0] < end and begin < one.span[1]]
    if any(one.type in SUMMARISED for one in entities):
        return "summarised"
    number = any(mark.isdigit() for mark in heard[begin:end])
    return "acted on" if entities or number else "asked for"


def _understood(heard: Transcript) -> Understanding:
    zone = ZoneInfo("UTC")
    reference = datetime.now(UTC).astimezone(zone)
    return read(
        UnderstandRequest(
            text=heard.text,
            language=None,
            languages=LANGUAGES,
            reference=reference,
            zone=zone,
        )
    )


def report(notes: Sequence[dict[str, Any]], heard: Sequence[Transcript]) -> None:
    scored = [scoring.score(note, one.text) for note, one in zip(notes, heard, strict=True)]
    wrong_language = 0
    for note, one, result in zip(notes, heard, scored, strict=True):
        wrong_language += one.language != note["lang"]
        fates = fate(result, str(note["text"]), one)
        if result.errors or fates:
            lost = ", ".join(f"{fact}: {fates.get(fact, 'lost')}" for fact in result.lost)
            print(f"  {result.file}: {result.errors} | {note['text']} | {one.text} | {lost}")
    print(f"\n{len(notes)} notes; language wrong in {wrong_language}")
    for condition in sorted({one.condition for one in scored}):
        for language in LANGUAGES:
            some = [s for s in scored if (s.language, s.condition) == (language, condition)]
            if some:
                value, low, high = scoring.rate(some)
                print(f"WER {language} {condition:8} {value:5.1f} % [{low:.1f}, {high:.1f}]")
        some = [one for one in scored if one.condition == condition]
        kept, of = sum(len(s.kept) for s in some), sum(len(s.kept) + len(s.lost) for s in some)
        if of:
            value, low, high = scoring.share(kept, of)
            print(f"facts  {condition:8} {kept}/{of} = {value:5.1f} % [{low:.1f}, {high:.1f}]")
    _fates(notes, scored, heard)


def _fates(
    notes: Sequence[dict[str, Any]], scored: Sequence[Scored], heard: Sequence[Transcript]
) -> None:
    ends = [
        end
        for note, one, said in zip(notes, scored, heard, strict=True)
        for end in fate(one, str(note["text"]), said).values()
    ]
    told = {name: ends.count(name) for name in ("read back", "summarised", "asked for", "acted on")}
    print("wrong dates, counts, rooms and amounts:", told)
    needless = sum(
        bool(doubts([Content(text=one.text, heard=one)], _understood(one), date.min))
        for result, one in zip(scored, heard, strict=True)
        if not result.lost
    )
    print(f"read back although all facts were right: {needless} of {len(scored)} notes")


async def main(arguments: argparse.Namespace) -> None:
    lines = arguments.notes.read_text(encoding="utf-8").splitlines()
    notes = [json.loads(line) for line in lines if line.strip()]
    folder, models = arguments.notes.parent, Path(SttTtsConfig().models_dir)
    ears = listener(models)
    try:
        report(notes, await hear_all(notes, folder, ears))
        if arguments.parts:
            await measure_parts(notes, folder, ears, models)
    finally:
        await ears.aclose()


async def measure_parts(
    notes: Sequence[dict[str, Any]], folder: Path, ears: Worker, models: Path
) -> None:
    said = [((folder / note["file"]).read_bytes(), str(note["lang"])) for note in notes]
    mouth = speaker(models)
    try:
        found = await parts.turns(said, ears, mouth)
    finally:
        await mouth.aclose()
    print()
    for name, shortest in (("4 s and longer", 4.0), ("all", 0.0)):
        some = [one for one in found.turns if one.note >= shortest]
        if some:
            ratios = sorted(one.whole / one.note for one in some)
            print(f"whole turn / length of note, {name}, {len(some)} notes: ", end="")
            print(f"median {statistics.median(ratios):.2f}, worst {ratios[-1]:.2f}")
    processor = statistics.median(one.processor / one.note for one in found.turns)
    print(f"processor / length of note: median {processor:.2f} s a second (2 cores)")
    print(f"memory of both models' processes, together: {found.memory:.0f} MB at most")
    print(f"event loop: 99 % {found.stalls_99:.1f} ms, worst {found.stall:.1f} ms late")
    print(f"load of the machine: {found.load:.1f}")
    size, seconds = parts.refusing_a_bomb()
    print(f"a file of {size} bytes that decodes to 42 minutes: refused after {seconds:.2f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.voice")
    parser.add_argument("--notes", type=Path, default=DEFAULT, help="a file of the corpus's form")
    parser.add_argument("--parts", action="store_true", help="also speed, memory and the loop")
    asyncio.run(main(parser.parse_args()))
