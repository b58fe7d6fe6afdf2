"""Two hotels with the same property id that share nothing else."""

from __future__ import annotations

from pathlib import Path

from agente_hotelero._runtime.plugins import installed
from agente_hotelero.config import Settings, load

SECRETS = {"sol": "secret-of-sol", "luna": "secret-of-luna"}
NUMBERS = {"sol": "109000000000001", "luna": "109000000000002"}
TOKENS = {"sol": "token-of-sol", "luna": "token-of-luna"}

TWO_HOTELS = """
poll_seconds = 0.02
[plugins.front_desk]
enabled = true
[plugins.nlp_local]
enabled = true
[plugins.pms_mock]
enabled = true
[plugins.channel_web]
enabled = true
[plugins.channel_whatsapp]
enabled = {whatsapp}

[tenants.sol]
name = "Hotel Sol"
time_zone = "America/Sao_Paulo"
languages = ["es", "pt", "en"]
pms = "pms_mock"
channels = {channels}
property_id = "1"
[tenants.sol.plugins.pms_mock]
currency = "BRL"
reference_prefix = "SOL"
address = "Rua do Sol 10"
[tenants.sol.house]
wifi = {{ es = "Red SolGuest, clave verano.", pt = "Rede SolGuest, senha verano.", en = "Network SolGuest, password verano." }}
breakfast = {{ es = "Desayuno de 7 a 10.", pt = "Café da manhã das 7h às 10h.", en = "Breakfast from 7 to 10." }}
parking = {{ es = "Garaje por BRL 50,00 al día.", pt = "Garagem por BRL 50,00 ao dia.", en = "Garage at BRL 50.00 a day." }}
pets = {{ es = "Sin mascotas.", pt = "Sem animais.", en = "No pets." }}

[tenants.luna]
name = "Posada Luna"
time_zone = "America/Santiago"
languages = ["es", "pt", "en"]
pms = "pms_mock"
channels = {channels}
property_id = "1"
[tenants.luna.plugins.pms_mock]
currency = "CLP"
reference_prefix = "LUNA"
address = "Calle de la Luna 20"
extra_adult = 20000
child = 9000
city_tax = 0
rooms = [
  {{ id = "double", names = {{ es = "Doble Patio", pt = "Duplo Pátio", en = "Patio Double" }}, units = 3, price = 71990, max_adults = 2, max_guests = 3, image = "https://images.example.org/luna-double.jpg" }},
  {{ id = "suite", names = {{ es = "Suite Luna", pt = "Suíte Luna", en = "Luna Suite" }}, units = 3, price = 150500, max_adults = 2, max_guests = 4, image = "https://images.example.org/luna-suite.jpg" }},
]
[tenants.luna.house]
wifi = {{ es = "Red LunaWifi, sin clave.", pt = "Rede LunaWifi, sem senha.", en = "Network LunaWifi, no password." }}
breakfast = {{ es = "No servimos desayuno.", pt = "Não servimos café da manhã.", en = "We serve no breakfast." }}
parking = {{ es = "No hay estacionamiento.", pt = "Não há estacionamento.", en = "There is no car park." }}
pets = {{ es = "Aceptamos mascotas.", pt = "Aceitamos animais.", en = "Pets are welcome." }}
"""

WHATSAPP = """
[plugins.channel_whatsapp]
api_base_url = "{url}"
[tenants.sol.plugins.channel_whatsapp]
access_token = "token-of-sol"
app_secret = "secret-of-sol"
verify_token = "verify-sol"
accounts = [{{ phone_number_id = "109000000000001" }}]
[tenants.luna.plugins.channel_whatsapp]
access_token = "token-of-luna"
app_secret = "secret-of-luna"
verify_token = "verify-luna"
accounts = [{{ phone_number_id = "109000000000002" }}]
"""


def two_hotels(folder: Path, database_url: str, *, whatsapp: str = "") -> Settings:
    """Settings of both; with `whatsapp`, the address of a Cloud API, on that channel as well."""
    channels = '["channel_web", "channel_whatsapp"]' if whatsapp else '["channel_web"]'
    text = TWO_HOTELS.format(channels=channels, whatsapp="true" if whatsapp else "false")
    if whatsapp:
        text = text.replace(
            "[plugins.channel_whatsapp]\n",
            f'[plugins.channel_whatsapp]\napi_base_url = "{whatsapp}"\n',
        )
        text += WHATSAPP.format(url=whatsapp).split("\n", 3)[3]
    path = folder / "hotel.toml"
    path.write_text(f'database_url = "{database_url}"\n{text}', encoding="utf-8")
    return load(path, {}, installed=set(installed()))
