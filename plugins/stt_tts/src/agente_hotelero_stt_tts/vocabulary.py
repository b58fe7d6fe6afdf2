"""What whisper is told to expect: words of hotels, then a guest's way of speaking.

Written from what guests ask of hotels; the numbers in the samples are examples of form (digits for
rooms, dates and times), and no guest's.
"""

from __future__ import annotations

from collections.abc import Sequence

WORDS = {
    "es": "check-in, check-out, wifi, suite, habitación individual, doble, triple, familiar, "
    "cama extra, cuna, almohada, toallas, aire acondicionado, calefacción, desayuno, "
    "traslado al aeropuerto, estacionamiento, piscina, gimnasio, spa, lavandería, caja fuerte, "
    "mascotas, factura, reembolso, late check-out.",
    "pt": "check-in, check-out, wi-fi, suíte, quarto individual, duplo, triplo, familiar, "
    "cama extra, berço, travesseiro, toalhas, ar-condicionado, aquecedor, café da manhã, "
    "transfer do aeroporto, estacionamento, piscina, academia, spa, lavanderia, cofre, "
    "animais, nota fiscal, reembolso, late check-out.",
    "en": "check-in, check-out, wifi, suite, single, double, triple, family room, extra bed, cot, "
    "pillow, towels, air conditioning, heating, breakfast, airport transfer, parking, "
    "swimming pool, gym, spa, laundry, safe, pets, invoice, refund, late check-out.",
}
SAMPLES = {
    "es": "Buenas, llamo por la habitación 317. ¿Tienen check-in temprano, wifi, cuna, toallas y "
    "almohadas? Somos dos, llegamos el 12 de mayo a las 9 y media, con traslado y cama extra.",
    "pt": "Boa noite, ligo do quarto 317. Vocês têm check-in cedo, wi-fi, berço, toalhas e "
    "travesseiros? Somos dois, chegamos no dia 12 de maio às 9 e meia, com transfer e cama extra.",
    "en": "Good evening, I am calling from room 317. Do you have early check-in, wifi, a cot, "
    "towels and pillows? There are two of us, arriving on May 12th at half past 9, with a transfer "
    "and an extra bed.",
}
# For a note of a word or two, which is an answer.
ANSWERS = {
    "es": "Sí. No. Dale, confirmo. Sí, por favor. No, gracias. Vale. Claro. Perfecto. La primera. "
    "La segunda. Dos noches. Somos dos. Hola. Gracias.",
    "pt": "Sim. Não. Pode ser. Sim, por favor. Não, obrigado. Claro. Confirmo. Está bem. "
    "A primeira. A segunda. Duas noites. Somos dois. Oi. Obrigado.",
    "en": "Yes. No. Yes, please. No, thanks. Okay. Sure. Book it. Cancel it. The first one. "
    "The second one. Two nights. Two of us. Hi there. Thank you.",
}
SHORT_SECONDS = 1.8
MOST_HINTS = 300


def sample(language: str, seconds: float) -> str:
    """How guests speak in a note of this length."""
    return ANSWERS[language] if seconds < SHORT_SECONDS else SAMPLES[language]


def words(language: str, hints: Sequence[str], seconds: float) -> str:
    """The hotel's own names first, as many as fit, then what every hotel's guests say; in an answer
    of a word or two nothing of that is said."""
    if seconds < SHORT_SECONDS:
        return ""
    own = ", ".join(dict.fromkeys(hint.strip() for hint in hints if hint.strip()))[:MOST_HINTS]
    return f"{own or 'Hotel'}: {WORDS[language]}"
