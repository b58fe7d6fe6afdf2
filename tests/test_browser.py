"""The pages in a real browser: the staff desk at work, and both pages for everybody's eyes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from agente_hotelero_channel_whatsapp.testing import Guest, Simulator
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.hotels import NUMBERS
from tests.support.running import RunningAgent
from tests.test_desk_pages import PASSWORD, add_people

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
PHONE = "5491155553001"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; where it is missing, a failure in CI and a skip elsewhere."""
    path = shutil.which("chromium")
    if path is None:
        if os.environ.get("CI"):
            raise FileNotFoundError("chromium")
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture(scope="module", autouse=True)
def people(running: RunningAgent) -> None:
    running.do(add_people(running))


@pytest.fixture(scope="module")
def cookies(browser: Browser, running: RunningAgent) -> Any:
    """Marta logs in once, as a person does."""
    context = browser.new_context(locale="es-AR")
    page = context.new_page()
    page.goto(f"{running.url}/desk")
    page.get_by_label("Nombre").fill("marta")
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.get_by_role("button", name="Entrar").click()
    page.wait_for_url("**/desk/sol")
    found = context.cookies()
    context.close()
    return found


@pytest.fixture
def guest(simulator: Simulator) -> Guest:
    return Guest(simulator, simulator.account(NUMBERS["sol"]), PHONE)


def heard(simulator: Simulator) -> list[str]:
    return [one.text for one in simulator.sent if one.to == PHONE]


def desk(browser: Browser, cookies: Any, **options: Any) -> Page:
    context = browser.new_context(locale="es-AR", **options)
    context.add_cookies(cookies)
    page = context.new_page()
    page.set_default_timeout(15_000)
    return page


def test_staff_answer_a_guest_and_hand_him_back(
    browser: Browser, cookies: Any, running: RunningAgent, simulator: Simulator, guest: Guest
) -> None:
    page = desk(browser, cookies)
    page.goto(f"{running.url}/desk/sol")
    expect(page.get_by_text("No hay conversaciones.")).to_be_visible()
    guest.say("busco una doble del 10/12 al 12/12 para dos")
    running.settle()
    guest.say("quiero hablar con una persona")
    # It appears by itself, and is counted.
    page.get_by_role("link", name=PHONE).or_(page.locator("#chats a").first).click()
    expect(page.get_by_role("status")).to_have_text("1")
    expect(page.get_by_text("La tiene una persona")).to_be_visible()
    expect(page.get_by_text("10/12/2026")).to_be_visible()
    page.get_by_label("Respuesta", exact=True).fill("Soy Marta. ¿En qué le ayudo?")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#lines li.hotel").last).to_contain_text("Soy Marta")
    running.settle()
    assert heard(simulator)[-1] == "Soy Marta. ¿En qué le ayudo?"
    guest.say("gracias, ya está")
    expect(page.locator("#lines li.guest").last).to_contain_text("gracias, ya está")
    page.get_by_role("button", name="Devolver al agente").click()
    expect(page.get_by_text("La tiene el agente")).to_be_visible()
    guest.say("¿hay wifi?")
    expect(page.locator("#lines li.hotel").last).to_contain_text("SolGuest")
    running.settle()
    assert "SolGuest" in heard(simulator)[-1]
    page.context.close()


def serious(page: Page) -> list[str]:
    """What axe finds that keeps somebody out."""
    page.evaluate(AXE)
    options = {"runOnly": RULES, "resultTypes": ["violations"]}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{one['id']}: {node['html']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", ["login", "sol", "chat", "sol/work", "guest"])
def test_everybody_can_use_the_pages(
    browser: Browser,
    cookies: Any,
    running: RunningAgent,
    guest: Guest,
    tmp_path: Path,
    path: str,
    size: str,
    scheme: Any,
) -> None:
    width, height = SIZES[size]
    viewport: Any = {"width": width, "height": height}
    page = desk(browser, cookies, viewport=viewport, color_scheme=scheme)
    if path == "guest":
        page.goto(f"{running.url}/chat/sol")
        page.get_by_role("textbox").fill("busco una doble del 10/12 al 12/12 para dos")
        page.get_by_role("button", name="Enviar").click()
        expect(page.locator("#log li.hotel").last).to_be_visible()
    elif path == "chat":
        guest.say("¿hay wifi?")
        running.settle()
        page.goto(f"{running.url}/desk/sol")
        page.locator("#chats a").first.click()
        expect(page.locator("#lines li").last).to_be_visible()
    else:
        page.goto(f"{running.url}/desk/{path}")
    folder = Path(os.environ.get("HOTELERO_SCREENSHOTS", tmp_path))
    page.screenshot(path=folder / f"{path.replace('/', '-')}-{size}-{scheme}.png")
    assert serious(page) == []
    overflow = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not overflow
    page.context.close()
