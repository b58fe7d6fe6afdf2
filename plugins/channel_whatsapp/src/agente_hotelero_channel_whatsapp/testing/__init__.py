"""A simulator of Meta's WhatsApp Cloud API: a real HTTP server on loopback.

Written from Meta's documentation and independent of this plugin's sender and reader: it is their
judge. `notices` tells news of accounts; `limits.complaint` judges a body by itself.
"""

from agente_hotelero_channel_whatsapp.testing.accounts import Account, Clock, Person, Sent
from agente_hotelero_channel_whatsapp.testing.courier import Disorder
from agente_hotelero_channel_whatsapp.testing.faults import ErrorBy, Fault, MetaError
from agente_hotelero_channel_whatsapp.testing.guest import Guest
from agente_hotelero_channel_whatsapp.testing.simulator import Simulator
from agente_hotelero_channel_whatsapp.testing.templates import Template

__all__ = [
    "Account",
    "Clock",
    "Disorder",
    "ErrorBy",
    "Fault",
    "Guest",
    "MetaError",
    "Person",
    "Sent",
    "Simulator",
    "Template",
]
