"""The page behind a link of a mail: it shows what would be answered, and only its button answers.

Programs that look for viruses follow links, so a GET changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from string import Template
from typing import Annotated

from agente_hotelero import Services
from agente_hotelero.errors import Unavailable
from agente_hotelero.messages import OPT_OUT
from agente_hotelero.pages import HEADERS, preferred_language
from fastapi import APIRouter, Header, HTTPException
from fastapi.responses import HTMLResponse

from agente_hotelero_channel_gmail import links, records
from agente_hotelero_channel_gmail.config import GmailConfig
from agente_hotelero_channel_gmail.envelope import Tap, pack
from agente_hotelero_channel_gmail.tables import MailOut
from agente_hotelero_channel_gmail.words import WORDS

Sections = Mapping[str, tuple[GmailConfig, Services]]
Languages = Annotated[str, Header(alias="accept-language")]
STYLE = (
    "body{font-family:system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem;"
    "color:#1b1b1b;background:#fff;line-height:1.5}button{font:inherit;font-size:1.2rem;"
    "padding:.8rem 2rem;border:0;border-radius:.5rem;background:#1a5fb4;color:#fff;cursor:pointer}"
    "button:focus-visible{outline:3px solid #99c1f1}"
)
PAGE = Template(
    '<!DOCTYPE html><html lang="$language"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="robots" content="noindex"><title>$hotel</title>'
    '<link rel="stylesheet" href="$path/style.css"></head>'
    "<body><main><h1>$hotel</h1><p>$words</p>$form</main></body></html>"
)


def make_router(sections: Sections) -> APIRouter:
    """``/answer/<hotel>/<mailbox's number>/<token>`` below the plugin's own path."""
    router = APIRouter(tags=["mail"])

    @router.get("/style.css", include_in_schema=False)
    async def style() -> HTMLResponse:
        headers = {"Cache-Control": "max-age=300"}
        return HTMLResponse(STYLE, media_type="text/css", headers=headers)

    @router.get("/answer/{tenant}/{place}/{token}", include_in_schema=False)
    async def show(
        tenant: str, place: int, token: str, accept_language: Languages = ""
    ) -> HTMLResponse:
        found = await _found(sections, tenant, place, token)
        language = preferred_language(accept_language, tuple(WORDS))
        words = WORDS[language]
        if found.over:
            return found.page(language, words["over"], status=410)
        return found.page(language, words["sure"], button=found.title or words["leave"])

    @router.post("/answer/{tenant}/{place}/{token}", include_in_schema=False)
    async def answer(
        tenant: str, place: int, token: str, accept_language: Languages = ""
    ) -> HTMLResponse:
        found = await _found(sections, tenant, place, token)
        words = WORDS[language := preferred_language(accept_language, tuple(WORDS))]
        if found.over or not await found.take():
            return found.page(language, words["over"], status=410)
        return found.page(language, words["thanks"])

    return router


class _Found:
    """A link that is ours, with the mail that it stood in."""

    def __init__(self, services: Services, account: str, link: links.Link, mail: MailOut) -> None:
        self._services = services
        self._account = account
        self._link = link
        self._mail = mail
        leaves = link.place == links.LEAVE
        self._option = {"id": OPT_OUT, "title": ""} if leaves else mail.options[link.place]
        self.title = self._option["title"]
        self.over = link.ends < services.clock.now() or (not leaves and bool(mail.tapped_at))

    async def take(self) -> bool:
        """Hand the answer to the agent; False when somebody was faster."""
        now, leaves = self._services.clock.now(), self._link.place == links.LEAVE
        if not leaves and not await records.tap(
            self._services, self._account, self._link.outbox_id, now
        ):
            return False
        tap = Tap(
            account=self._account,
            address=self._mail.address,
            thread=self._mail.thread,
            outbox_id=self._link.outbox_id,
            choice=self._option["id"],
            title=self.title,
            at=now,
        )
        try:
            await self._services.inbox.put(self._account, pack(tap))
        except Unavailable as error:
            await records.untap(self._services, self._account, self._link.outbox_id)
            raise HTTPException(503, "please try again") from error
        return True

    def page(
        self, language: str, words: str, *, button: str = "", status: int = 200
    ) -> HTMLResponse:
        form = f'<form method="post"><button>{escape(button)}</button></form>' if button else ""
        html = PAGE.substitute(
            language=language,
            hotel=escape(self._services.hotel_name),
            words=escape(words),
            form=form,
            path=links.PATH,
        )
        return HTMLResponse(html, status, headers=HEADERS)


async def _found(sections: Sections, tenant: str, place: int, token: str) -> _Found:
    """The mail of a link. Raises HTTPException for what is no link of ours."""
    config, services = sections.get(tenant, (None, None))
    if config is None or services is None or not 0 <= place < len(config.accounts):
        raise HTTPException(404, "no such link")
    account = config.accounts[place].username
    link = links.read(token, config.secret(), account)
    mail = await records.mail_out(services, account, link.outbox_id) if link else None
    if link is None or mail is None:
        raise HTTPException(404, "no such link")
    if link.place != links.LEAVE and link.place >= len(mail.options):
        raise HTTPException(404, "no such link")
    return _Found(services, account, link, mail)
