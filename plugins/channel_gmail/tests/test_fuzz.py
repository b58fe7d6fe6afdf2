"""Whatever comes: an event, or a refusal that keeps it; never another error, in bounded time and
memory. The time limit of each test is pytest's."""

from __future__ import annotations

import base64
import io
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from agente_hotelero.messages import Ignored, InboundMessage
from agente_hotelero_channel_gmail.envelope import PARSED
from agente_hotelero_channel_gmail.headers import headers_of
from agente_hotelero_channel_gmail.html_text import text_of_html
from agente_hotelero_channel_gmail.ingress import sender_of, why_silent
from agente_hotelero_channel_gmail.mailbox import Fetched
from agente_hotelero_channel_gmail.quotes import new_words
from agente_hotelero_channel_gmail.receiving import id_of
from agente_hotelero_channel_gmail.structure import attached_in
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugins.channel_gmail.tests.mails import AT, CONFIG, HOTEL, parsed, raw

CORPUS = [path.read_bytes() for path in sorted((Path(__file__).parent / "corpus").glob("*.eml"))]
MEGABYTE = 1024 * 1024
QUIET = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
NAMES = st.sampled_from(
    [
        "From",
        "Reply-To",
        "Subject",
        "Date",
        "Message-ID",
        "In-Reply-To",
        "References",
        "Content-Type",
        "Content-Transfer-Encoding",
        "Content-Disposition",
        "Authentication-Results",
        "Auto-Submitted",
        "Return-Path",
    ]
)
VALUES = st.one_of(
    st.text(max_size=80),
    st.binary(max_size=80).map(lambda data: data.decode("latin-1")),
    st.sampled_from(
        [
            "=?utf-8?b?////?=",
            "=?x-unknown?q?=ff=fe?=",
            "=?utf-8?q?" + "=C3" * 40 + "?=",
            'multipart/mixed; boundary="',
            "multipart/alternative; boundary=b; boundary*0*=utf-8''%ff",
            "text/plain; charset*=zlib''x",
            "text/html; charset=idna",
            "text/plain; charset=unicode_escape",
            "text/plain; charset=undefined",
            "message/rfc822",
            "message/delivery-status",
            "multipart/report; boundary=b",
            "base64",
            "uuencode",
            "x-gzip",
            '"a" <"b"@c.example> (d <e@f.example>)',
            "<<<>>>@@@",
        ]
    ),
)


def bears(mail: bytes) -> None:
    """As the receiver and the relay read it."""
    headers = headers_of(mail)
    sender_of(headers, CONFIG)
    why_silent(headers, CONFIG, HOTEL)
    assert id_of(Fetched(uidvalidity=1, uid=1, received_at=AT, raw=mail), headers)
    try:
        events = parsed(mail[:PARSED])
    except ValueError:
        return
    assert events
    for event in events:
        assert isinstance(event.event, InboundMessage | Ignored) or event.key.endswith(":failed")


@QUIET
@given(st.binary(max_size=2000))
def test_any_bytes_are_borne(data: bytes) -> None:
    bears(data)


@QUIET
@given(st.lists(st.tuples(NAMES, VALUES), max_size=12), st.binary(max_size=400))
def test_any_headers_are_borne(headers: list[tuple[str, str]], body: bytes) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    bears(lines.encode("utf-8", "surrogatepass") + b"\r\n--b\r\n" + body + b"\r\n--b--\r\n")


@QUIET
@given(st.sampled_from(CORPUS), st.data())
def test_any_damage_to_a_real_mail_is_borne(mail: bytes, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(mail)))
        length = data.draw(st.integers(0, 60))
        mail = mail[:at] + data.draw(st.binary(max_size=30)) + mail[at + length :]
    bears(mail)


@QUIET
@given(st.sampled_from(CORPUS), st.integers(0, 5000))
def test_a_mail_may_end_anywhere(mail: bytes, length: int) -> None:
    bears(mail[:length])


@QUIET
@given(st.recursive(st.one_of(st.none(), st.binary(max_size=9), st.integers()), st.lists))
def test_any_structure_is_borne(structure: object) -> None:
    attached_in(structure)


@QUIET
@given(st.text(alphabet="<>/!-='\" abptdiv\n&;#x", max_size=600))
def test_any_markup_is_borne(html: str) -> None:
    text_of_html(html)


@QUIET
@given(st.text(alphabet=">:-_@<. \nElOnescribió0wrote12De:Para", max_size=600))
def test_of_any_text_only_lines_are_taken_away(text: str) -> None:
    lines = {line.strip() for line in text.split("\n")}
    assert {line.strip() for line in new_words(text).split("\n")} - {""} <= lines


def nested(kind: str, depth: int) -> bytes:
    mail = raw("Hola", Content_Type=kind)
    for number in range(depth):
        mail = (
            f'From: a@b.example\r\nContent-Type: multipart/mixed; boundary="{number}"\r\n\r\n'
            f"--{number}\r\nContent-Type: {kind}\r\n\r\n"
        ).encode() + mail
    return mail


def bomb() -> bytes:
    """A picture of a few kilobytes that would be a gigabyte."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"\0" * 20 * MEGABYTE)
    body = base64.encodebytes(packed.getvalue())
    return raw(Content_Type="application/zip", Content_Transfer_Encoding="base64") + body


HUGE = {
    "10,000 headers": b"".join(b"X-%d: y\r\n" % n for n in range(10_000)) + raw(),
    "10,000 of one header": b"Received: by x\r\n" * 10_000 + raw(),
    "a header without end": b"Subject: " + b"x" * PARSED,
    "10,000 folded lines": b"References:" + b"\r\n <a@b.example>" * 10_000 + b"\r\n" + raw(),
    "10,000 encoded words": b"Subject: " + b"=?utf-8?q?=41?= " * 10_000 + b"\r\n" + raw(),
    "mails in mails": nested("message/rfc822", 2000),
    "parts in parts": nested("multipart/mixed", 2000),
    "parts without boundary": b"Content-Type: multipart/mixed\r\n\r\n" * 5000,
    "many small parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--b\r\n\r\n" * 40_000,
    "lines of one letter": raw("a\n" * 120_000),
    "one endless line": raw("a" * PARSED),
    "all quoted": raw("> \n" * 80_000),
    "almost an attribution": raw("El 1 de enero a las 10:00 " * 9000),
    "open tags": raw("<div>" * 50_000, Content_Type="text/html"),
    "broken tags": raw("<a " * 80_000, Content_Type="text/html"),
    "broken comments": raw("<!--" * 60_000, Content_Type="text/html"),
    "broken attributes": raw('<a b="' * 40_000, Content_Type="text/html"),
    "entities": raw("&" * 200_000, Content_Type="text/html"),
    "quoted-printable": raw("=\n=3D" * 40_000, Content_Transfer_Encoding="quoted-printable"),
    "base64 of nothing": raw("=" * 200_000, Content_Transfer_Encoding="base64"),
    "a zip bomb": bomb(),
    "a text in zlib": raw("x" * 1000, Content_Type="text/plain; charset=zlib"),
    "a text in idna": raw("x" * 200_000, Content_Type="text/plain; charset=idna"),
    "ids without end": raw(References="<a@b.example>" * 15_000),
    "addresses without end": raw(From="a@b.example," * 15_000),
    "comments in comments": raw(From="(" * 100_000 + "a@b.example"),
    "quotes in a name": raw(From='"\\' * 60_000 + "a@b.example"),
    "a verdict without end": raw(Authentication_Results="mx.google.com;" + "dkim=pass;" * 20_000),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("mail", HUGE.values(), ids=HUGE)
def test_what_is_made_to_cost_costs_little(mail: bytes) -> None:
    tracemalloc.start()
    try:
        bears(mail)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * MEGABYTE


@pytest.mark.parametrize(
    "charset", ["utf-8", "iso-8859-1", "windows-1252", "utf-7", "koi8-r", "gb18030", "utf-16", "x"]
)
@pytest.mark.parametrize("body", [b"\xff\xfe\xfd", b"caf\xe9 \xc3\xb1 \x80", "¿Qué tal?".encode()])
def test_a_wrong_charset_costs_letters_at_most(charset: str, body: bytes) -> None:
    head = raw("", Content_Type=f"text/plain; charset={charset}")
    bears(head.removesuffix(b"\r\n") + body)
