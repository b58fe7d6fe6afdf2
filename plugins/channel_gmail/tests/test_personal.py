from __future__ import annotations

from datetime import UTC, datetime

from agente_hotelero import PersonalData, PluginSchema, Services
from agente_hotelero.testing.personal import Canary, PersonalDataTests
from agente_hotelero_channel_gmail import records, register_personal_data, register_schema
from agente_hotelero_channel_gmail.tables import MailIn, MailOut

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
MAILBOX = "desk@hotel.example"


class TestChannelGmail(PersonalDataTests):
    def schema(self) -> PluginSchema:
        return register_schema()

    def personal_data(self) -> PersonalData:
        return register_personal_data()

    async def leave_traces(self, services: Services, guest: Canary) -> None:
        number = len(guest.name) * 100 + len(guest.words)
        came = MailIn(
            tenant=services.tenant,
            account=MAILBOX,
            message_id=f"<{number}.{services.tenant}@canary.example>",
            folder="INBOX",
            uidvalidity=1,
            uid=number,
            thread=f"t{number}",
            sender=guest.email,
            reply_to=guest.email,
            subject=f"{guest.words}, {guest.name}",
            bare_subject=guest.words,
            refs=[],
            received_at=NOW,
        )
        await records.add_in(services, came)
        went = MailOut(
            tenant=services.tenant,
            account=MAILBOX,
            outbox_id=number,
            message_id=f"<hotelero.{number}.{services.tenant}@hotel.example>",
            address=guest.email,
            thread=f"t{number}",
            state=records.SENT,
            options=[],
            at=NOW,
        )
        await records.write_down(services, went)
        await records.mark_bad(services, guest.email, "refused", NOW)
