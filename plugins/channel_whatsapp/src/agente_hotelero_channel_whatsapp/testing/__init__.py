"""A simulator of Meta's WhatsApp Cloud API: a real HTTP server on loopback."""

from agente_hotelero_channel_whatsapp.testing.guest import Guest
from agente_hotelero_channel_whatsapp.testing.simulator import Account, Fault, Sent, Simulator

__all__ = ["Account", "Fault", "Guest", "Sent", "Simulator"]
