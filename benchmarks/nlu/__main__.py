"""``python -m benchmarks.nlu``: all measures of understanding as a table, or one of them.

python -m benchmarks.nlu
python -m benchmarks.nlu --nlupp FOLDER --protocol large [--lang es]
python -m benchmarks.nlu --clinc FILE
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import table
from benchmarks.nlu import clinc, nlupp, own, slots

DATA = Path(__file__).parent.parent / "data"
Rows = Iterator[list[str]]


def of_nlupp(folder: Path, protocols: tuple[str, ...], language: str) -> Rows:
    rows = nlupp.load(folder)
    for protocol in protocols:
        micro, macro, deviation = nlupp.intents(rows, protocol)
        yield [
            f"NLU++ {protocol}, intents",
            f"micro F1 {micro:.1f} ± {deviation:.1f}, macro {macro:.1f}",
        ]
        yield [f"NLU++ {protocol}, slots", f"exact span F1 {slots.f1(rows, protocol):.1f}"]
    right, total = slots.dates_right(rows, language)
    if total:
        yield ["NLU++ date values", f"{right} of {total} ({right / total:.1%})"]


def of_clinc(file: Path) -> Rows:
    plain, kept, refused = clinc.run(file)
    yield ["CLINC150 without a threshold", f"in-scope accuracy {plain:.1f}"]
    yield ["CLINC150 with one threshold", f"in-scope {kept:.1f}, out-of-scope recall {refused:.1f}"]


def of_our_own() -> Rows:
    lists = {
        "held-out phrases": own.phrases_held_out(),
        "messages of a second author": [
            one for one in own.lines("messages_a.jsonl") if one["test"]
        ],
        "messages of a third author": own.lines("messages_b.jsonl"),
    }
    for name, tested in lists.items():
        for language, (first, third, count) in own.intents_right(tested).items():
            yield [f"{name}, {language} ({count})", f"top-1 {first:.1f}, top-3 {third:.1f}"]
    dev = [one for one in own.lines("stays_dev.jsonl") if one["kind"] != "vague"]
    yield ["stays_dev", "{} of {}".format(*own.stays_right(dev))]
    for letter in "abcd":
        right, total = own.stays_right(own.lines(f"stays_{letter}.jsonl"))
        yield [f"stays of author {letter}", f"{right} of {total} ({right / total:.1%})"]


def of_costs() -> Rows:
    ours, whole, base = own.cpu_ratio()
    yield ["CPU a message, classifier / scikit-learn", f"{ours:.2f} (scikit-learn {base:.2f} ms)"]
    yield ["CPU a message, all of the engine / scikit-learn", f"{whole:.2f}"]
    seconds, megabytes = own.loading()
    yield ["loading, and memory on top of numpy", f"{seconds:.1f} s of CPU, {megabytes:.0f} MB"]
    yield ["learning a hotel's 40 phrases", f"{own.learning():.1f} s of CPU"]
    yield ["model and encoder on disk", f"{own.on_disk():.0f} MB"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nlu")
    parser.add_argument("--nlupp", type=Path, metavar="FOLDER")
    parser.add_argument("--protocol", choices=nlupp.PROTOCOLS)
    parser.add_argument("--lang", default="en", help="of the folder, for its dates")
    parser.add_argument("--clinc", type=Path, metavar="FILE")
    given = parser.parse_args()
    protocols = (given.protocol,) if given.protocol else nlupp.PROTOCOLS
    rows: list[list[str]] = []
    if given.nlupp:
        rows += of_nlupp(given.nlupp, protocols, given.lang)
    if given.clinc:
        rows += of_clinc(given.clinc)
    if not (given.nlupp or given.clinc):
        rows += of_costs()
        rows += of_our_own()
        rows += of_nlupp(DATA / "nlupp_hotels_en", protocols, "en")
        rows += of_clinc(DATA / "clinc150" / "data_full.json")
    print(table(["measure", "found"], rows))


if __name__ == "__main__":
    main()
