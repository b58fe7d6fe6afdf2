"""Mail on loopback: Dovecot for mailboxes, an SMTP server that delivers there, guests who write.

For tests; needs the extra `testing` and Debian's `dovecot-imapd`.
"""

from agente_hotelero_channel_gmail.testing.black_hole import BlackHole
from agente_hotelero_channel_gmail.testing.dovecot import Dovecot, dovecot_missing
from agente_hotelero_channel_gmail.testing.guest import MailGuest, Received
from agente_hotelero_channel_gmail.testing.post_office import PostOffice, Trouble

__all__ = [
    "BlackHole",
    "Dovecot",
    "MailGuest",
    "PostOffice",
    "Received",
    "Trouble",
    "dovecot_missing",
]
