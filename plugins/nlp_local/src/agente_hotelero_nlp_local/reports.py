"""How well phrases are read, and why one is read as it is: text for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from agente_hotelero.messages import Understanding

from agente_hotelero_nlp_local import features, phrases
from agente_hotelero_nlp_local.model import Model
from agente_hotelero_nlp_local.phrases import Example

SHOWN, NEAREST = 5, 5


def report(examples: Sequence[Example], model: Model) -> str:
    """Precision and recall of each intent, what is taken for what, and what went wrong."""
    if not examples:
        return "no phrases"
    scores, _ = model.scores([one.text for one in examples])
    pairs = [
        (one, model.intents[int(row.argmax())]) for one, row in zip(examples, scores, strict=True)
    ]
    right = Counter(one.intent for one, got in pairs if one.intent == got)
    wanted, given = Counter(one.intent for one in examples), Counter(got for _, got in pairs)
    total = _share(right.total(), len(pairs))
    lines = [f"{right.total()} of {len(pairs)} right ({total})"]
    lines += [f"{'intent':28} {'phrases':>7} {'precision':>9} {'recall':>7}"]
    for intent, number in sorted(wanted.items()):
        precision = _share(right[intent], given[intent])
        recall = _share(right[intent], number)
        lines.append(f"{intent:28} {number:7} {precision:>9} {recall:>7}")
    wrong = [(one, got) for one, got in pairs if one.intent != got]
    confused = Counter((one.intent, got) for one, got in wrong)
    lines += ["", "taken for another:"] if confused else []
    lines += [f"  {one} → {other}: {n}" for (one, other), n in confused.most_common()]
    return "\n".join([*lines, *(f"  {one.text!r}: {one.intent} → {got}" for one, got in wrong)])


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def explanation(text: str, understood: Understanding, model: Model) -> str:
    """The verdict, the likeliest intents, the phrases that pull towards them, the entities."""
    scores, _ = model.scores([text])
    order = np.argsort(-scores[0])[:SHOWN]
    lines = [f"{understood.language}, {understood.verdict}", "", "intents:"]
    lines += [f"  {model.intents[int(n)]:28} {scores[0][int(n)]:.3f}" for n in order]
    lines += ["", "nearest phrases:"]
    known = phrases.shipped()
    closeness = (features.embedded([text]) @ model.axes @ model.anchors.T)[0]
    for number in np.argsort(-closeness)[:NEAREST]:
        example = known[int(number)]
        lines.append(f"  {closeness[int(number)]:.3f} {example.text!r} ({example.intent})")
    if understood.entities:
        lines += ["", "entities:"]
        lines += [f"  {one.type:12} {one.text!r} = {one.value}" for one in understood.entities]
    return "\n".join(lines)
