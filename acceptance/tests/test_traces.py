"""One trace from a client's request through all three services to the provider and the webhook."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from postroom_acceptance.spans import CLIENT, PARENTS
from postroom_acceptance.stack import SERVICES, Stack
from postroom_testing.collector import Collector, Span
from postroom_testing.mariadb import MariaDb
from postroom_testing.redis import Redis
from postroom_testing.ses import SesServer
from postroom_testing.webhook_receiver import WebhookReceiver

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PRIVATE = ("very-own-address", "very own subject", "very own body", "re_", "whsec", "Bearer")


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


@pytest.fixture(scope="module")
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as running:
        yield running


@pytest.fixture(scope="module")
def environment(
    mariadb: MariaDb, redis_server: Redis, ses_environment: tuple[SesServer, dict[str, str]]
) -> dict[str, str]:
    redis_server.flush()
    return ses_environment[1] | {
        "POSTROOM_DATABASE_URL": mariadb.fresh_database(),
        "POSTROOM_REDIS_URL": redis_server.url,
        "POSTROOM_EGRESS_ALLOW": "127.0.0.0/8",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }


def call(stack: Stack, key: str, path: str, body: object, **headers: str) -> tuple[str, dict[str, object]]:
    """The request id that the client is told, and the answer."""
    sent = {"authorization": f"Bearer {key}", "content-type": "application/json"} | headers
    connection = http.client.HTTPConnection("127.0.0.1", stack.port("api"), timeout=10)
    connection.request("POST", path, json.dumps(body), sent)
    answer = connection.getresponse()
    assert answer.status in {200, 201}
    told = str(answer.headers["x-request-id"]), json.loads(answer.read())
    connection.close()
    return told


def mail(**more: object) -> dict[str, object]:
    return {
        "from": "very-own-address@example.com",
        "to": "other-very-own-address@example.com",
        "subject": "very own subject",
        "text": "very own body",
    } | more


def of(spans: list[Span], trace_id: str) -> dict[str, Span]:
    return {span.name: span for span in spans if span.trace_id == trace_id}


def named_in(spans: list[Span], trace_id: str, name: str) -> list[Span]:
    return [span for span in spans if (span.trace_id, span.name) == (trace_id, name)]


def test_one_trace_holds_all_that_a_request_caused(
    environment: dict[str, str], collector: Collector, receiver: WebhookReceiver
) -> None:
    with Stack(environment | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}) as stack:
        key = stack.new_key("one")
        call(stack, key, "/webhooks", {"endpoint": receiver.url(), "events": ["email.sent"]})
        soon = (datetime.now(UTC) + timedelta(seconds=8)).isoformat()  # far enough to be ahead yet when the api looks
        traceparent = f"00-{TRACE}-{SPAN}-01"
        told, answer = call(stack, key, "/emails", mail(scheduled_at=soon), traceparent=traceparent)
        assert told == TRACE
        own, _ = call(stack, key, "/emails", mail())
        named, _ = call(stack, key, "/emails", mail(), traceparent=traceparent, **{"x-request-id": "order-4711"})
        batch, _ = call(stack, key, "/emails/batch", [mail(), mail(), mail()])
        stack.wait_until(lambda: len(named_in(collector.spans, batch, "deliver email")) == 3, "the trace of a batch")
        stack.wait_until(lambda: set(of(collector.spans, TRACE)) >= set(PARENTS), "the whole trace")
        stack.wait_until(lambda: "hint email" in of(collector.spans, own), "the trace of a mail that is due at once")
        stack.wait_until(lambda: len(receiver.requests) == 6, "the webhooks")
    found = of(collector.spans, TRACE)
    ids = {span.span_id: name for name, span in found.items()} | {SPAN: CLIENT}
    assert {name: ids[span.parent_id] for name, span in found.items()} == PARENTS
    assert {span.service for span in found.values()} == {f"postroom-{service}" for service in SERVICES}
    assert found["commit email"].span_id == f"{UUID(str(answer['id'])).int & (2**64 - 1):016x}"
    assert not any(span.failed for span in found.values())
    assert f"00-{TRACE}-{found['post webhook'].span_id}-01" in {one.headers["traceparent"] for one in receiver.requests}
    # Of its own, without a client's: its id is the request's.
    mine = of(collector.spans, own)
    assert (mine["POST /emails"].parent_id, mine["hint email"].parent_id) == ("", mine["commit email"].span_id)
    # Each email of a batch has a branch of its own.
    [request] = named_in(collector.spans, batch, "POST /emails/batch")
    branches = named_in(collector.spans, batch, "commit email")
    assert [span.parent_id for span in branches] == [request.span_id] * 3
    assert {span.parent_id for span in named_in(collector.spans, batch, "deliver email")} == {
        span.span_id for span in branches
    }
    # A request that the client gave a name of its own keeps that, and names the client's trace.
    assert named == "order-4711"
    [other] = [one for one in collector.spans if one.name == "POST /emails" and one.links]
    assert (other.links, other.parent_id) == (((TRACE, SPAN),), "")
    assert other.trace_id not in {TRACE, own}
    told_of = "".join(collector.bodies)
    assert [word for word in PRIVATE if word in told_of] == []
    assert "postroom.email_id" in told_of
    assert {f"GET {probe}" for probe in ("/livez", "/readyz")} & {span.name for span in collector.spans} == set()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_is_not_told_to_loads_nothing_of_it(service: str) -> None:
    code = f"""
import sys
import postroom_{service}.main
loaded = ("opentelemetry", "postroom_tracing.recorder", "postroom_tracing.exporter", "postroom_tracing.span")
print(sorted(name for name in sys.modules if name.startswith(loaded)))
"""
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
