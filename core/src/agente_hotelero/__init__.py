"""Agente Hotelero: a guest-messaging agent for hotels, made of plugins.

Everything a plugin may use is importable from here or from the public modules named in
docs/reference; packages that begin with an underscore promise nothing.
"""

from agente_hotelero.components import (
    Account,
    Channel,
    ChannelKind,
    Component,
    Finding,
    Handler,
    Health,
    Ingress,
    Job,
    Mount,
    NlpEngine,
    PersonalData,
    PluginConfig,
    PluginSchema,
    Services,
    Synthesizer,
    Templates,
    Transcriber,
    WebhookRequest,
)
from agente_hotelero.dialogue import Decision, Focus, Frame, HandlerRequest, Handover, Hotel
from agente_hotelero.hookspecs import hookimpl
from agente_hotelero.pms import Pms, PmsAdapter
from agente_hotelero.proactive import JourneySource

__version__ = "0.1.0"

__all__ = [
    "Account",
    "Channel",
    "ChannelKind",
    "Component",
    "Decision",
    "Finding",
    "Focus",
    "Frame",
    "Handler",
    "HandlerRequest",
    "Handover",
    "Health",
    "Hotel",
    "Ingress",
    "Job",
    "JourneySource",
    "Mount",
    "NlpEngine",
    "PersonalData",
    "PluginConfig",
    "PluginSchema",
    "Pms",
    "PmsAdapter",
    "Services",
    "Synthesizer",
    "Templates",
    "Transcriber",
    "WebhookRequest",
    "__version__",
    "hookimpl",
]
