"""``hotelero simulate whatsapp``."""

from __future__ import annotations

import click


@click.group()
def simulate() -> None:
    """Stand-ins for what cannot run here."""


@simulate.command()
@click.option("--port", default=8100, show_default=True, type=click.IntRange(0, 65535))
@click.option("--webhook", default="http://127.0.0.1:8000/webhooks/whatsapp", show_default=True)
@click.option("--number", default="100000000000001", show_default=True, help="phone_number_id")
@click.option("--token", default="simulated-token", show_default=True)
@click.option("--secret", default="simulated-secret", show_default=True)
def whatsapp(port: int, webhook: str, number: str, token: str, secret: str) -> None:
    """A stand-in for Meta's Cloud API, with a page to write as a guest."""
    from agente_hotelero_channel_whatsapp.testing.rehearsal import rehearse

    rehearse(port, webhook, number, token, secret)
