"""What a collector gets, over HTTP."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from loguru import logger

from postroom_config.load import load
from postroom_config.settings import Settings
from postroom_config.tracing import TracingSettings
from postroom_domain.ids import new_id
from postroom_testing.collector import Collector
from postroom_tracing.exporter import Exporter
from postroom_tracing.identity import Origin
from postroom_tracing.traceparent import TraceParent, parse
from postroom_tracing.traces import Traces


class Alone(Settings):
    tracing: TracingSettings


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


def start(**variables: str) -> Traces:
    traces = Traces()
    settings = load(Alone, {f"OTEL_{name}": value for name, value in variables.items()}).tracing
    traces.start(settings, service="api", version="1", release="r7")
    return traces


def test_spans_arrive_with_their_parents_kinds_and_attributes(collector: Collector) -> None:
    traces = start(EXPORTER_OTLP_ENDPOINT=collector.url, EXPORTER_OTLP_HEADERS="authorization=Bearer%20t")
    request, email = new_id().hex, new_id()
    with traces.span("POST /emails", {"a": 1, "none": None}, kind="server", of=Origin(request)) as span:
        span.note({"b": True, "c": 0.5, "d": "x"})
        with traces.span("commit email", kind="producer", own=email):
            pass
    traces.tell("deliver email", began_at=traces.now(), kind="consumer", of=Origin(request, email))
    traces.stop(5)
    served, committed, delivered = (
        next(one for one in collector.spans if one.name == name)
        for name in ("POST /emails", "commit email", "deliver email")
    )
    assert {one.trace_id for one in collector.spans} == {request}
    assert (served.parent_id, committed.parent_id, delivered.parent_id) == ("", served.span_id, committed.span_id)
    assert (served.kind, committed.kind, delivered.kind) == (2, 4, 5)
    assert served.attributes == {"a": "1", "b": "True", "c": "0.5", "d": "x"}
    assert served.began_at <= committed.began_at <= committed.ended_at <= served.ended_at
    assert abs(served.began_at / 1e9 - time.time()) < 60
    [(path, headers)] = collector.requests
    assert (path, headers["authorization"], headers["content-type"]) == ("/v1/traces", "Bearer t", "application/json")
    assert {one.service for one in collector.spans} == {"postroom-api"}
    assert '"r7"' in collector.bodies[0]


def test_an_exception_is_told_by_its_type_alone(collector: Collector) -> None:
    traces = start(EXPORTER_OTLP_ENDPOINT=collector.url)

    def fail() -> None:
        with traces.span("work", of=Origin("request-1")):
            raise ValueError("to someone@example.com")

    with pytest.raises(ValueError, match="someone"):
        fail()
    traces.stop(5)
    [span] = collector.spans
    assert (span.failed, span.attributes) == (True, {"error.type": "ValueError"})
    assert "someone" not in collector.bodies[0]


def test_a_clients_span_is_the_parent_or_where_the_request_has_another_name_a_link(collector: Collector) -> None:
    traces = start(EXPORTER_OTLP_ENDPOINT=collector.url)
    caller = TraceParent("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
    with traces.span("same", of=Origin(caller.trace_id), caller=caller) as span:
        told = parse(span.traceparent or "")
    with traces.span("other", of=Origin("order-4711"), caller=caller):
        pass
    traces.stop(5)
    same, other = collector.spans
    assert (same.trace_id, same.parent_id, same.links) == (caller.trace_id, caller.span_id, ())
    assert told == TraceParent(same.trace_id, same.span_id)
    assert (other.parent_id, other.links) == ("", ((caller.trace_id, caller.span_id),))
    assert other.trace_id != caller.trace_id


@pytest.mark.parametrize(("share", "least", "most"), [("0", 0, 0), ("0.25", 150, 350), ("1", 1000, 1000)])
def test_of_our_own_ids_as_many_are_taken_as_were_wished_for_and_everywhere_the_same(
    collector: Collector, share: str, least: int, most: int
) -> None:
    """Ids that tell the time are not random in all of their digits."""
    requests = [new_id().hex for _ in range(1000)]
    taken = []
    for _ in range(2):
        collector.bodies.clear()
        traces = start(EXPORTER_OTLP_ENDPOINT=collector.url, TRACES_SAMPLER="traceidratio", TRACES_SAMPLER_ARG=share)
        for request in requests:
            traces.tell("x", began_at=traces.now(), of=Origin(request, new_id()))
        traces.stop(10)
        taken.append({one.trace_id for one in collector.spans})
    assert taken[0] == taken[1]
    assert least <= len(taken[0]) <= most


@pytest.fixture
def heard() -> Iterator[list[tuple[str, Any]]]:
    """What was logged: (event, fields)."""
    seen: list[tuple[str, Any]] = []
    sink = logger.add(lambda message: seen.append((message.record["message"], message.record["extra"])))
    yield seen
    logger.remove(sink)


def wait_for(is_so: Callable[..., bool], *of: int) -> None:
    ends_at = time.monotonic() + 10
    while not is_so(*of):
        assert time.monotonic() < ends_at
        time.sleep(0.01)


def test_a_collector_that_is_away_is_told_once_and_nobody_waits_for_it(
    collector: Collector, heard: list[tuple[str, Any]]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        traces = start(EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        traces.tell("x", began_at=traces.now(), of=Origin("request-1"))
        assert time.monotonic() - began < 0.5
        traces.stop(0.5)
        assert time.monotonic() - began < 3
    collector.status = 503
    traces = start(EXPORTER_OTLP_ENDPOINT=collector.url, BSP_SCHEDULE_DELAY="10")
    # When the third is there, two have had their answer.
    for batch in range(1, 4):
        traces.tell("x", began_at=traces.now(), of=Origin("request-1"))
        wait_for(lambda number: len(collector.requests) == number, batch)
    collector.status = 200
    traces.tell("x", began_at=traces.now(), of=Origin("request-1"))
    traces.stop(5)
    # The silent one may be told of as well, by another reason.
    lost = ("traces.lost", {"reason": "the collector answers 503"})
    assert [one for one in heard if one in (lost, ("traces.resumed", {}))] == [lost, ("traces.resumed", {})]


def test_a_fault_of_any_kind_is_told_and_does_not_end_the_sending(
    collector: Collector, heard: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name such as `collector..svc` makes a UnicodeError, before anything is looked up."""
    traces = start(EXPORTER_OTLP_ENDPOINT="http://collector..svc:4318", BSP_SCHEDULE_DELAY="10")
    traces.tell("x", began_at=traces.now(), of=Origin("request-1"))
    wait_for(lambda: ("traces.lost", {"reason": "UnicodeError"}) in heard)
    port = urlsplit(collector.url).port
    monkeypatch.setattr(Exporter, "_connect", lambda _: HTTPConnection("127.0.0.1", port))
    traces.tell("y", began_at=traces.now(), of=Origin("request-1"))
    traces.stop(5)
    assert [one.name for one in collector.spans] == ["y"]
    assert ("traces.resumed", {}) in heard


def test_a_batch_that_cannot_be_written_is_told_and_does_not_end_the_sending(
    collector: Collector, heard: list[tuple[str, Any]]
) -> None:
    traces = start(EXPORTER_OTLP_ENDPOINT=collector.url, BSP_SCHEDULE_DELAY="10")
    origin = Origin("request-1")
    traces.tell(b"no text", began_at=traces.now(), of=origin)  # type: ignore[arg-type]  # a fault of ours, whichever
    wait_for(lambda: ("traces.lost", {"reason": "TypeError"}) in heard)
    traces.tell("y", began_at=traces.now(), of=origin)
    traces.stop(5)
    assert [one.name for one in collector.spans] == ["y"]
    assert ("traces.resumed", {}) in heard


def test_without_a_variable_nothing_of_it_is_loaded_and_everything_does_nothing() -> None:
    code = """
import sys
from postroom_config.load import load
from postroom_config.settings import Settings
from postroom_config.tracing import TracingSettings
from postroom_tracing.identity import Origin
from postroom_tracing.traces import TRACES
class Alone(Settings):
    tracing: TracingSettings
TRACES.start(load(Alone, {}).tracing, service="api", version="1", release="r")
with TRACES.span("x", of=Origin("r")) as span:
    span.note({}); span.rename("y"); span.fail("z")
    assert span.traceparent is None
TRACES.tell("x", began_at=TRACES.now())
assert TRACES.read_caller("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01") is None
TRACES.stop(1)
print(sorted(name for name in sys.modules if name in {"postroom_tracing.recorder", "postroom_tracing.exporter"}))
TRACES.start(load(Alone, {"OTEL_TRACES_EXPORTER": "otlp"}).tracing, service="api", version="1", release="r")
print("postroom_tracing.recorder" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.splitlines(), done.stderr) == (["[]", "True"], "")
