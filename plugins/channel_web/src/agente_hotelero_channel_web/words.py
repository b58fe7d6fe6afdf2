"""The page's own words."""

from __future__ import annotations

from collections.abc import Sequence

from agente_hotelero.pages import preferred_language

WORDS = {
    "es": {
        "title": "Chat con",
        "message": "Tu mensaje",
        "send": "Enviar",
        "log": "Conversación",
        "you": "Tú",
        "lost": "Sin conexión. Reintentando…",
        "map": "Ver en el mapa",
        "choose": "Elige un hotel",
        "photo": "Foto",
        "failed": "No se pudo enviar. Inténtalo otra vez.",
    },
    "pt": {
        "title": "Chat com",
        "message": "Sua mensagem",
        "send": "Enviar",
        "log": "Conversa",
        "you": "Você",
        "lost": "Sem conexão. Tentando de novo…",
        "map": "Ver no mapa",
        "choose": "Escolha um hotel",
        "photo": "Foto",
        "failed": "Não foi possível enviar. Tente de novo.",
    },
    "en": {
        "title": "Chat with",
        "message": "Your message",
        "send": "Send",
        "log": "Conversation",
        "you": "You",
        "lost": "Connection lost. Trying again…",
        "map": "Show on the map",
        "choose": "Choose a hotel",
        "photo": "Photo",
        "failed": "It could not be sent. Please try again.",
    },
}


def language_of(accept: str, languages: Sequence[str]) -> str:
    """The first language the browser accepts that the hotel speaks; else the hotel's first."""
    spoken = [code for code in languages if code in WORDS] or list(WORDS)
    return preferred_language(accept, spoken)
