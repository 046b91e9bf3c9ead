"""What is asked of the processes here, they were given something to tell: a mail, a webhook."""

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from postroom_acceptance.spans import PARENTS
from postroom_api_testing.exchange import Answer
from postroom_conformance.answers import get, post
from postroom_conformance.claims import proves, violates
from postroom_conformance.fixtures import Evidence
from postroom_conformance.scraping import Texts, find_unknown, find_unmatched, find_untold, read_samples
from postroom_conformance.tracing import find_gaps, find_private
from postroom_images_testing.stack import PORTS, SERVICES, Stack
from postroom_monitoring_testing.inventory import read_metrics
from postroom_monitoring_testing.rules import read_expressions
from postroom_testing.collector import Collector, Span
from postroom_testing.webhook_receiver import WebhookReceiver

METRICS = read_metrics()
EXPRESSIONS = read_expressions(Path(__file__).parents[1])
# What has to go wrong, or to be long ago, before there is such a series.
NOT_HERE = {
    ("postroom_request_seconds_count", "5.."),
    ("postroom_provider_messages_total", "forged|foreign_.*"),
    ("postroom_provider_events_total", "accounted"),
    ("postroom_slots_total", "fired"),
}
MAIL = {
    "from": "very-own-address@example.com",
    "to": "other-very-own-address@example.com",
    "subject": "very own subject",
    "text": "very own body",
}
PRIVATE = ("very-own-address", "very own subject", "very own body", "re_", "whsec", "Bearer")
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
OTHER_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def call(stack: Stack, key: str, path: str, body: dict[str, Any], **headers: str) -> Answer:
    answer = post(stack, path, body, key, **headers)
    assert answer.status in {200, 201}, answer
    return answer


@pytest.fixture(scope="module")
def receiver(stack: Stack) -> Iterator[WebhookReceiver]:
    with WebhookReceiver(stack.gateway) as running:
        yield running


@pytest.fixture(scope="module")
def key(stack: Stack, receiver: WebhookReceiver) -> str:
    """Of a workspace whose webhook is told of mail that was sent."""
    made = stack.new_key("telemetry")
    call(stack, made, "/webhooks", {"endpoint": receiver.url(), "events": ["email.sent"]})
    return made


def read(stack: Stack, service: str) -> str:
    return get(stack.containers[service], PORTS[service], "/metrics").body.decode()


@pytest.fixture(scope="module")
def texts(stack: Stack, key: str, receiver: WebhookReceiver) -> Texts:
    """What the three tell, once a mail has gone through all of them."""
    posted = len(receiver.requests)
    call(stack, key, "/emails", MAIL)
    stack.wait_until(lambda: len(receiver.requests) > posted, "the webhook")

    def has_told(name: str, **labels: str) -> bool:
        samples = read_samples(read(stack, service) for service in SERVICES)
        return any(one.name == name and one.value >= 1 and one.labels.items() >= labels.items() for one in samples)

    # The worker counts after the receiver has heard, the scheduler measures every quarter of a minute.
    stack.wait_until(lambda: has_told("postroom_webhook_attempts_total", result="posted"), "the worker to count")
    stack.wait_until(lambda: has_told("postroom_webhooks", state="healthy"), "the scheduler to measure webhooks")
    stack.wait_until(lambda: "postroom_queue_oldest_seconds{" in read(stack, "scheduler"), "it to measure queues")
    return {service: read(stack, service) for service in SERVICES}


@proves("Each service tells exactly the metrics that the reference names for it.")
def test_the_reference_names_what_is_told(texts: Texts, evidence: Evidence) -> None:
    counts = {service: text.count("\n# TYPE postroom_") for service, text in texts.items()}
    evidence(f"GET /metrics: {counts} families of Postroom's own, {len(METRICS)} on the page")
    assert find_untold(texts, METRICS) == []


@violates(test_the_reference_names_what_is_told, "a metric that no process tells, and one that no page names")
def test_a_metric_that_is_not_told_is_found(texts: Texts) -> None:
    told = {**texts, "api": texts["api"] + "# TYPE postroom_planted gauge\n"}
    planted = dataclasses.replace(METRICS[0], name="postroom_promised", services=("worker",))

    assert find_untold(told, [*METRICS, planted]) == ["api: postroom_planted", f"worker: {planted.shown_name}"]


@proves("Every metric, label and value that an alert or a panel of the dashboard asks for is told by a live process.")
def test_alerts_and_panels_ask_for_what_there_is(texts: Texts, evidence: Evidence) -> None:
    samples = read_samples(texts.values())
    evidence(f"{len(EXPRESSIONS)} expressions of alerts and panels, {len(samples)} series of three containers")
    assert find_unknown(EXPRESSIONS, texts, METRICS) == {}
    assert find_unmatched(EXPRESSIONS.values(), samples) <= NOT_HERE


@violates(
    test_alerts_and_panels_ask_for_what_there_is,
    "an alert on a metric that does not exist, on a label that it has not, on a value that nothing has",
)
def test_an_alert_on_nothing_is_found(texts: Texts) -> None:
    planted = {"metric": "postroom_planted > 1", "label": 'sum by (planted) (postroom_queue_depth{planted="x"})'}

    assert set(find_unknown(planted, texts, METRICS)) == {"metric", "label"}
    assert find_unmatched(['postroom_queue_depth{state="planted"}'], read_samples(texts.values())) == {
        ("postroom_queue_depth", "planted")
    }


COUNTED: dict[str, tuple[str, dict[str, str]]] = {
    "accepted": ("postroom_emails_accepted_total", {"lane": "interactive", "transport": "ses"}),
    "sent": ("postroom_emails_sent_total", {"transport": "ses"}),
    "timed from end to end": ("postroom_end_to_end_seconds_count", {"lane": "interactive", "transport": "ses"}),
}


def find_uncounted(before: Texts, after: Texts) -> list[str]:
    """What did not grow."""
    return [
        what for what, (name, labels) in COUNTED.items() if count(after, name, labels) <= count(before, name, labels)
    ]


def count(texts: Texts, name: str, labels: dict[str, str]) -> float:
    samples = read_samples(texts.values())
    return sum(one.value for one in samples if one.name == name and one.labels.items() >= labels.items())


@proves("A mail that was accepted and sent is counted, with its lane and transport, and how long it took.")
def test_what_happens_is_counted(stack: Stack, key: str, texts: Texts, evidence: Evidence) -> None:
    call(stack, key, "/emails", MAIL)
    stack.wait_until(lambda: find_uncounted(texts, {name: read(stack, name) for name in SERVICES}) == [], "the counts")
    after = {name: read(stack, name) for name in SERVICES}

    evidence(f"one more mail: {', '.join(COUNTED)}")
    assert find_uncounted(texts, after) == []


@violates(test_what_happens_is_counted, "processes that count nothing")
def test_counts_that_stand_still_are_found(texts: Texts) -> None:
    assert find_uncounted(texts, texts) == list(COUNTED)


@proves("Without the standard `OTEL_*` variables no request and no webhook is part of a trace, and nobody is sent any.")
def test_without_variables_there_is_no_trace(
    stack: Stack, key: str, receiver: WebhookReceiver, evidence: Evidence
) -> None:
    request_id, headers = send_with_trace(stack, key, receiver)

    evidence(f"request id {request_id}, not the trace's; the webhook's headers: {', '.join(headers)}")
    assert find_traced(request_id, headers) == []


def send_with_trace(stack: Stack, key: str, receiver: WebhookReceiver) -> tuple[str, Mapping[str, str]]:
    """What a client with a trace of its own is told as its request's id, and the headers of the webhook."""
    posted = len(receiver.requests)
    answer = call(stack, key, "/emails", MAIL, traceparent=f"00-{OTHER_TRACE}-{SPAN}-01")
    stack.wait_until(lambda: len(receiver.requests) > posted, "the webhook")
    return answer.headers["x-request-id"], receiver.requests[-1].headers


def find_traced(request_id: str, headers: Mapping[str, str]) -> list[str]:
    found = ["the request has the trace's id"] if request_id == OTHER_TRACE else []
    return found + (["the webhook has a traceparent"] if "traceparent" in headers else [])


@pytest.fixture(scope="module")
def traced(stack: Stack, receiver: WebhookReceiver, key: str) -> Iterator[Collector]:
    """A collector that the services were told of; they are as before when it ends."""
    told = stack.variables
    with Collector(stack.gateway) as collector:
        stack.variables = told | {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }
        restart(stack)
        yield collector
        stack.variables = told
        restart(stack)


def restart(stack: Stack) -> None:
    for service in SERVICES:
        stack.start(service)
    for service in SERVICES:
        stack.wait_ready(service)


@violates(test_without_variables_there_is_no_trace, "services that were told of a collector")
def test_services_that_trace_are_found(stack: Stack, key: str, receiver: WebhookReceiver, traced: Collector) -> None:
    assert find_traced(*send_with_trace(stack, key, receiver)) == [
        "the request has the trace's id",
        "the webhook has a traceparent",
    ]
    stack.wait_until(lambda: any(span.trace_id == OTHER_TRACE for span in traced.spans), "its spans")


@pytest.fixture(scope="module")
def trace(stack: Stack, key: str, receiver: WebhookReceiver, traced: Collector) -> list[Span]:
    """Of a client's request with a trace of its own, for a mail that is due later: all three services take part."""
    soon = (datetime.now(UTC) + timedelta(seconds=8)).isoformat()  # far enough to be ahead yet when the api looks
    traceparent = f"00-{TRACE}-{SPAN}-01"
    answer = call(stack, key, "/emails", MAIL | {"scheduled_at": soon}, traceparent=traceparent)
    assert answer.headers["x-request-id"] == TRACE

    def spans() -> list[Span]:
        return [span for span in traced.spans if span.trace_id == TRACE]

    stack.wait_until(lambda: {span.name for span in spans()} >= PARENTS.keys(), "the whole trace")
    [commit] = [span for span in spans() if span.name == "commit email"]
    assert commit.span_id == f"{UUID(answer.json()['id']).int & (2**64 - 1):016x}"
    return spans()


@proves(
    "One trace leads from the client's request through the scheduler's hint and the worker to the provider's call and "
    "the webhook, which is told of it."
)
def test_one_trace_holds_all_that_a_request_caused(
    trace: list[Span], receiver: WebhookReceiver, evidence: Evidence
) -> None:
    services = sorted({span.service for span in trace})
    evidence(f"{len(trace)} spans of {', '.join(services)}: {' · '.join(span.name for span in trace)}")
    assert find_gaps(trace, PARENTS, SPAN) == []
    assert services == sorted(f"postroom-{service}" for service in SERVICES)
    assert not any(span.failed for span in trace)
    [posted] = [span for span in trace if span.name == "post webhook"]
    assert f"00-{TRACE}-{posted.span_id}-01" in {one.headers.get("traceparent") for one in receiver.requests}


@violates(
    test_one_trace_holds_all_that_a_request_caused,
    "a worker that begins a trace of its own, a call that leaves no span",
)
def test_a_trace_that_breaks_off_is_found(trace: list[Span]) -> None:
    alone = [
        dataclasses.replace(span, parent_id="") if span.name == "deliver email" else span
        for span in trace
        if span.name != "call provider"
    ]
    assert find_gaps(alone, PARENTS, SPAN) == ["call provider is missing", "deliver email hangs on nobody's"]


@proves("No span holds an address, a subject, a body or a key.")
def test_a_trace_tells_nothing_private(trace: list[Span], traced: Collector, evidence: Evidence) -> None:
    told = "".join(traced.bodies)
    evidence(f"{len(told)} characters to the collector, with {told.count('postroom.email_id')} ids of mail in them")
    assert find_private(traced.bodies, PRIVATE) == []
    assert told.count("postroom.email_id") >= 1


@violates(test_a_trace_tells_nothing_private, "a span with the recipient's address")
def test_an_address_in_a_span_is_found(trace: list[Span], traced: Collector) -> None:
    planted = traced.bodies[0].replace(TRACE, f'{TRACE}", "to": "{MAIL["to"]}')
    assert find_private([*traced.bodies, planted, MAIL["to"]], PRIVATE) == ["very-own-address"]
