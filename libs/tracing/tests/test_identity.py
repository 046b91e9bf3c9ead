from uuid import UUID

import pytest

from postroom_domain.ids import new_id
from postroom_tracing.identity import span_id_of, trace_id_of
from postroom_tracing.traceparent import TraceParent, parse, render

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def test_a_request_id_of_ours_is_the_trace_id() -> None:
    request_id = new_id().hex
    assert f"{trace_id_of(request_id):032x}" == request_id


@pytest.mark.parametrize("request_id", ["order-4711", "0" * 32, "A" * 32, "f" * 31])
def test_any_other_word_gives_one_that_is_always_the_same(request_id: str) -> None:
    found = trace_id_of(request_id)
    assert 0 < found < 2**128
    assert found == trace_id_of(request_id) != trace_id_of(request_id + "x")


def test_emails_that_follow_each_other_have_spans_of_their_own() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len({span_id_of(one) for one in ids}) == 1000
    assert span_id_of(UUID("018f0000-0000-7000-8000-000000000001")) == 0x8000_0000_0000_0001


def test_a_traceparent_is_read_and_written() -> None:
    assert parse(f"00-{TRACE}-{SPAN}-01") == TraceParent(TRACE, SPAN)
    assert parse(f"cc-{TRACE}-{SPAN}-00-of-the-future") == TraceParent(TRACE, SPAN)
    assert render(int(TRACE, 16), int(SPAN, 16), sampled=True) == f"00-{TRACE}-{SPAN}-01"
    assert render(1, 2, sampled=False) == f"00-{1:032x}-{2:016x}-00"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01\n",
        f"00-{TRACE}-{SPAN}",
    ],
)
def test_what_is_no_traceparent_is_none(header: str) -> None:
    assert parse(header) is None
