"""``python -m agente_hotelero_nlp_local.train``: the model from the phrases, into the package."""

from __future__ import annotations

from pathlib import Path

from agente_hotelero_nlp_local import model, phrases


def main() -> None:
    trained = model.train(phrases.shipped())
    target = Path(__file__).with_name(model.ARTEFACT)
    target.write_bytes(trained.dump())
    print(f"{len(trained.intents)} intents, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
