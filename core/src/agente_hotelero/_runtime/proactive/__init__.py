"""Messages that guests get unasked; the rules are in `agente_hotelero.proactive`."""
