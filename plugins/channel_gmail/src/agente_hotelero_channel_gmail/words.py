"""What the plugin's own page says."""

from __future__ import annotations

WORDS = {
    "es": {
        "sure": "Tu respuesta se envía cuando tocas el botón.",
        "thanks": "Gracias, recibimos tu respuesta. Te contestamos por correo.",
        "over": "Este enlace ya se usó o venció. Puedes responder al correo con tus palabras.",
        "leave": "No quiero recibir más mensajes de este tipo",
    },
    "pt": {
        "sure": "Sua resposta é enviada quando você toca no botão.",
        "thanks": "Obrigado, recebemos sua resposta. Respondemos por e-mail.",
        "over": "Este link já foi usado ou expirou. Você pode responder ao e-mail em palavras.",
        "leave": "Não quero mais receber mensagens deste tipo",
    },
    "en": {
        "sure": "Your answer is sent when you press the button.",
        "thanks": "Thank you, we have your answer. You will hear from us by e-mail.",
        "over": "This link was used or has expired. You can answer the mail in your own words.",
        "leave": "I want no more messages of this kind",
    },
}
