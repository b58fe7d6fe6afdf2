"""The page of ``hotelero simulate whatsapp`` in a real browser, for everybody's eyes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from agente_hotelero_channel_whatsapp.testing import Account
from agente_hotelero_channel_whatsapp.testing.page import Rehearsal, app_of
from agente_hotelero_channel_whatsapp.testing.rehearsal import rehearsal_of, rehearsed
from playwright.sync_api import Browser, expect

from plugins.channel_whatsapp.tests.stand_ins import Caller, listening, served
from tests.test_browser import AXE, RULES, SIZES, browser

__all__ = ["browser"]
ACCOUNT = Account(phone_number_id="10001", token="good-token", app_secret="app-secret")
CHECK = f"axe.run({{runOnly: {RULES}}}).then(found => found.violations.map(one => one.id))"


@pytest.fixture(scope="module")
def rehearsal() -> Iterator[tuple[Rehearsal, str]]:
    with listening() as agent, rehearsed(ACCOUNT, agent.url) as meta:
        made = rehearsal_of(meta, ACCOUNT)
        with served(app_of(made)) as url:
            yield made, url


@pytest.mark.parametrize("size", SIZES)
def test_a_guest_writes_and_taps_and_everybody_can_read_it(
    browser: Browser, rehearsal: tuple[Rehearsal, str], size: str
) -> None:
    made, url = rehearsal
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height})
    troubles: list[str] = []
    page.on("console", lambda said: troubles.append(said.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(url)
    page.get_by_label("Message", exact=True).fill(f"¿Tienen lugar? {size}")
    page.get_by_role("button", name="Send", exact=True).click()
    log = page.get_by_role("list", name="Conversation")
    expect(log).to_contain_text(f"¿Tienen lugar? {size}")
    reply = {"type": "reply", "reply": {"id": size, "title": f"Sí {size}"}}
    inner = {"type": "button", "body": {"text": "¿Confirma?"}, "action": {"buttons": [reply]}}
    Caller(made.simulator, ACCOUNT).send(type="interactive", interactive=inner)
    page.get_by_role("button", name=f"Sí {size}").click()
    expect(log).to_contain_text(f"☑ Sí {size}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(f"{AXE}; {CHECK}") == []
    assert troubles == []
    page.close()
