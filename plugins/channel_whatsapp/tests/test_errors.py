"""Meta's codes, one by one."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from agente_hotelero.errors import (
    AuthFailed,
    HoteleroError,
    OutcomeUnknown,
    RecipientRefused,
    Rejected,
    TemplateRefused,
    Throttled,
    Unavailable,
    WindowClosed,
)
from agente_hotelero_channel_whatsapp.errors import (
    CLASSES,
    Refusal,
    error_of,
    error_of_code,
    failure_of,
    refusal_of,
)

THROTTLED = (130429, 131056, 4, 80007, 613, 133016)
PASSING = (131016, 131000, 131057, 2, 1, 131053)
RECIPIENT = (131026, 131030, 131021, 131049, 130472, 131062)
TEMPLATE = (
    *(132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 131063),
    *(132068, 132069),
)
ACCOUNT = (
    *(190, 0, 3, 10, 200, 250, 299, 131005, 131031, 368, 131042, 131044, 131045, 131048),
    *(131064, 130497, 133010, 131037),
)
BUG = (100, 131008, 131009, 131051, 131052, 999999)
TABLE: list[tuple[int, type[HoteleroError], str]] = [
    *((code, Throttled, "temporary") for code in THROTTLED),
    *((code, Unavailable, "temporary") for code in PASSING),
    (131047, WindowClosed, "window"),
    (131050, RecipientRefused, "opted_out"),
    *((code, RecipientRefused, "recipient") for code in RECIPIENT),
    *((code, TemplateRefused, "template") for code in TEMPLATE),
    *((code, AuthFailed, "account") for code in ACCOUNT),
    *((code, Rejected, "") for code in BUG),
]


@pytest.mark.parametrize(("code", "kind", "failure"), TABLE, ids=lambda one: str(one))
def test_each_code_means_one_thing_sent_and_reported(
    code: int, kind: type[HoteleroError], failure: str
) -> None:
    error = error_of_code(code, template="volver")
    assert type(error) is kind
    assert str(error) == f"code {code}"
    assert failure_of(code) == failure
    if isinstance(error, TemplateRefused):
        assert error.template == "volver"
    if isinstance(error, RecipientRefused):
        assert error.purpose == ("marketing" if code == 131050 else "")


def test_no_code_is_in_two_classes() -> None:
    codes = [code for found in CLASSES.values() for code in found]
    assert len(codes) == len(set(codes))


def test_a_file_that_we_uploaded_does_not_become_better() -> None:
    assert isinstance(error_of_code(131053, by_link=False), Rejected)


def test_the_pair_limit_asks_for_powers_of_four() -> None:
    error = error_of_code(131056)
    assert isinstance(error, Throttled)
    assert (error.retry_after, error.growth) == (4.0, 4.0)


def test_what_meta_does_not_explain_is_tried_three_times_at_most() -> None:
    told = {code: getattr(error_of_code(code), "tries", None) for code in (131000, 131016)}
    assert told == {131000: 3, 131016: None}


def answer(status: int, **kind: Any) -> Refusal:
    return refusal_of(httpx.Response(status, **kind))


@pytest.mark.parametrize(
    ("status", "writes", "kind"),
    [
        (429, True, Throttled),
        (503, True, Unavailable),
        (500, True, OutcomeUnknown),
        (502, True, OutcomeUnknown),
        (502, False, Unavailable),
        (401, True, AuthFailed),
        (403, True, Rejected),
        (404, True, Rejected),
        (302, True, Rejected),
    ],
)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>Bad gateway</html>",
        b"[]",
        b'{"error": "no"}',
        b'{"error": {"code": "x"}}',
        b'{"error": {"code": true}}',
        b"[" * 100_000,
    ],
    ids=["empty", "html", "list", "text", "code in words", "code true", "deep"],
)
def test_an_answer_that_is_not_metas_is_judged_by_its_status(
    content: bytes, status: int, writes: bool, kind: type[HoteleroError]
) -> None:
    error = error_of(answer(status, content=content), writes=writes)
    assert type(error) is kind
    assert str(error) == f"HTTP {status}"


def test_a_wait_that_was_asked_for_is_kept() -> None:
    error = error_of(answer(429, headers={"Retry-After": "12"}))
    assert isinstance(error, Throttled)
    assert error.retry_after == 12.0


def test_details_and_trace_are_read_without_long_numbers() -> None:
    data = {"details": "Parameter to: +5491155550101 is not 3 buttons"}
    error = {"code": 131009, "message": "(#131009)", "error_data": data, "fbtrace_id": "Ab1"}
    found = answer(400, json={"error": error})
    assert found == Refusal(
        status=400, code=131009, details="Parameter to: +… is not 3 buttons", trace="Ab1"
    )
