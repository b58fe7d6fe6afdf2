"""Words by which a message says that an intent is not meant, though it sounds like it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from agente_hotelero.messages import Intent

MOST = 0.4
_NOT = r"\b(?:no|nao|don'?t|do not|not|never|ni|nem|without|sin|sem)\b(?: [\w']+){0,3}? "
_SERVICE = (
    r"(?:vuelos?|voo|flight|clases?|aula|desayunos?|cafe|breakfast|dinner|cena|jantar|almuerzo|yoga|deuda|"
    r"divida|saldo|tarjeta|cartao|card|efectivo|pedido|order|vacaciones|ferias|traslado|transfer|masajes?|"
    r"massage|spa|mesa|table|cuna|taxi|tour|excursion)"
)
_MEANT_OTHERWISE = {
    "cancel_reservation": (
        rf"{_NOT}cancel",
        rf"\bcancel\w*\W+(?:\w+\W+){{0,2}}?{_SERVICE}\b",
        rf"\b{_SERVICE}\W+(?:\w+\W+){{0,2}}?cancel",
        r"\b(?:me|nos) cancel(?:aron|o)\b|\bcancela(?:ste|ron)\b|\bdid you cancel\b|\bya cancele\b",
        r"\bdespues cancel|\bthen cancel|\bdepois cancel",
    ),
    "human_handoff": (
        r"\b(?:persona|recepcionista|chica|chico|senor|senora|person|moca|rapaz) que (?:me|nos)\b",
        r"\b(?:recepcionista|gerente|manager)\b.{0,12}\b(?:fue|foi|was|se llama|es un)",
    ),
    "invoice": (
        rf"{_NOT}(?:factura|invoice|nota fiscal|recibo|boleta)",
        r"\b(?:te|les?|vos|lhes?)\s+(?:mando|paso|envio|dejo|adjunto)\b.{0,12}\bcomprovante?|"
        r"\b(?:te|les?|vos|lhes?)\s+(?:mando|paso|envio|dejo|adjunto)\b.{0,12}\bcomprobante",
    ),
    "complaint_maintenance": (
        r"\bnada (?:que|de|para) reclam|\bno complaints\b|\b(?:sin|sem|ninguna) (?:quejas?|"
        r"queixas?)\b",
    ),
    "modify_reservation": (
        r"\b(?:cambiar|trocar|change|cambio)\W+(?:\w+\W+)?(?:plata|dinero|dinheiro|money|dolares|euros|"
        r"de tema|tema|assunto|subject|billetes)\b",
    ),
    "airport_transfer": (r"\btransfer(?:i|encia|ir|ido|red)\b",),
}


def softened(found: Sequence[Intent], text: str) -> tuple[Intent, ...]:
    """With such intents too unlikely to be acted upon; `text` is folded."""
    return tuple(
        replace(one, confidence=min(one.confidence, MOST)) if _is_denied(one.name, text) else one
        for one in found
    )


def _is_denied(name: str, text: str) -> bool:
    return any(re.search(pattern, text) for pattern in _MEANT_OTHERWISE.get(name, ()))
