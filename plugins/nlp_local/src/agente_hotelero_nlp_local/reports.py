"""How well phrases are read, and why one is read as it is: text for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from agente_hotelero.messages import Understanding

from agente_hotelero_nlp_local import features, intents, model, phrases
from agente_hotelero_nlp_local.intents import Classifier
from agente_hotelero_nlp_local.phrases import Example
from agente_hotelero_nlp_local.teaching import Taught

SHOWN, NEAREST = 5, 5
NOTHING = "(nothing)"


def report(examples: Sequence[Example], classifier: Classifier) -> str:
    """Precision and recall of each intent, what is taken for what, and what went wrong."""
    if not examples:
        return "no phrases"
    pairs = [(one, _first(one.text, classifier)) for one in examples]
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


def _first(text: str, classifier: Classifier) -> str:
    found, _ = intents.read(text, classifier)
    return found[0].name if found else NOTHING


def explanation(text: str, understood: Understanding, classifier: Classifier) -> str:
    """The verdict, the likeliest intents, the phrases that pull towards them, the entities."""
    lines = [f"{understood.language}, {understood.verdict}", "", "intents:"]
    lines += [f"  {one.name:28} {one.confidence:.3f}" for one in understood.intents[:SHOWN]]
    scores, _ = classifier.scores([text])
    order = np.argsort(-scores[0])[:SHOWN]
    lines += ["", "the text as a whole:"]
    lines += [f"  {classifier.intents[int(n)]:28} {scores[0][int(n)]:.3f}" for n in order]
    lines += ["", "nearest phrases:"]
    lines += [
        f"  {cosine:.3f} {example.text!r} ({example.intent})"
        for cosine, example in nearest(text, classifier)
    ]
    if understood.entities:
        lines += ["", "entities:"]
        lines += [f"  {one.type:12} {one.text!r} = {one.value}" for one in understood.entities]
    return "\n".join(lines)


def nearest(text: str, classifier: Classifier) -> list[tuple[float, Example]]:
    """The phrases nearest in meaning, shipped or taught, with their cosines."""
    base, known, anchors = model.shipped(), phrases.shipped(), model.shipped().anchors
    if isinstance(classifier, Taught):
        own = classifier.examples
        known, anchors = [*own, *known], np.vstack([classifier.anchors[: len(own)], anchors])
    cosines = (features.embedded([text]) @ base.axes @ anchors.T)[0]
    return [(float(cosines[n]), known[int(n)]) for n in np.argsort(-cosines)[:NEAREST]]
