"""Speak the lines of dialogues into notes for the tests: `python -m benchmarks.voice.record`.

Kokoro speaks, two voices a language; what transcribes in the tests is another engine. A line with
an address or a reservation's reference stays written, as people do it.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from agente_hotelero.audio import Sounds
from agente_hotelero.speech import SpeakRequest
from agente_hotelero_stt_tts.commands import speaker
from agente_hotelero_stt_tts.config import SttTtsConfig
from agente_hotelero_stt_tts.speaking import local
from agente_hotelero_stt_tts.spoken import spoken

from tests.support.dialogues import Dialogue, read_all

NOTES = Path(__file__).parents[2] / "tests" / "notes"
VOICES = {
    "es": ("ef_dora", "em_alex"),
    "pt": ("pf_dora", "pm_alex"),
    "en": ("af_heart", "am_michael"),
}
SPOKEN = {
    "es_asks_the_price": 0,
    "es_cancels_and_pays_the_fee": 1,
    "es_changes_dates_step_by_step": 0,
    "es_no_rooms_left": 1,
    "es_one_question_at_a_time": 1,
    "pt_books_with_words": 0,
    "pt_cancels_by_number": 1,
    "pt_changes_dates_at_once": 1,
    "pt_with_a_child": 0,
    "en_books": 0,
    "en_leaves_a_day_later": 1,
    "en_picks_one_of_several": 0,
    "en_takes_the_nearest_dates": 1,
}


# A name whose spelling counts, and a comma that does.
WRITTEN = {("en_books", 4), ("es_asks_the_price", 4)}


async def main() -> None:
    worker, sounds = speaker(Path(SttTtsConfig().models_dir)), Sounds()
    rows = []
    for dialogue in read_all():
        if dialogue.name in SPOKEN:
            voice = VOICES[dialogue.language][SPOKEN[dialogue.name]]
            for place, text in lines(dialogue):
                request = SpeakRequest(
                    text=spoken(text, dialogue.language), language=dialogue.language
                )
                note = await sounds.encode(await local(worker, request, voice, 1.0))
                name = f"{dialogue.name}-{place:02}.ogg"
                (NOTES / name).write_bytes(note)
                known = dialogue.language if place > 1 else None
                row = {"file": name, "lang": dialogue.language, "voice": voice, "text": text}
                rows.append({**row, "known": known})
    lines_of = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (NOTES / "notes.jsonl").write_text(lines_of, encoding="utf-8")
    await worker.aclose()
    await sounds.aclose()


def lines(dialogue: Dialogue) -> list[tuple[int, str]]:
    """What is spoken: the first wording of each turn, but for what is better written."""
    said = ((place, turn.line(0)) for place, turn in enumerate(dialogue.turns, 1))
    return [
        (place, text)
        for place, text in said
        if text and not set("@{") & set(text) and (dialogue.name, place) not in WRITTEN
    ]


if __name__ == "__main__":
    asyncio.run(main())
