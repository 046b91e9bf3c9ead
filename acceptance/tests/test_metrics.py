"""What alerts and dashboard ask for is what three live processes tell."""

import http.client
import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from postroom_acceptance.stack import SERVICES, Stack
from postroom_monitoring_testing.expressions import OF_PROMETHEUS, find_matchers, find_strangers
from postroom_monitoring_testing.inventory import read_metrics
from postroom_monitoring_testing.rules import read_expressions
from postroom_testing.mariadb import MariaDb
from postroom_testing.redis import Redis
from postroom_testing.ses import SesServer
from postroom_testing.webhook_receiver import WebhookReceiver

ROOT = Path(__file__).parents[2]
EXPRESSIONS = read_expressions(ROOT)
# What has to go wrong, or to be long ago, before there is such a series.
NOT_HERE = {
    ("postroom_request_seconds_count", "5.."),
    ("postroom_provider_messages_total", "forged|foreign_.*"),
    ("postroom_provider_events_total", "accounted"),
    ("postroom_slots_total", "fired"),
}


@pytest.fixture(scope="module")
def stack(mariadb: MariaDb, redis_server: Redis, ses_environment: tuple[SesServer, dict[str, str]]) -> Iterator[Stack]:
    redis_server.flush()
    environment = ses_environment[1] | {
        "POSTROOM_DATABASE_URL": mariadb.fresh_database(),
        "POSTROOM_REDIS_URL": redis_server.url,
        "POSTROOM_EGRESS_ALLOW": "127.0.0.0/8",
    }
    with Stack(environment) as running, WebhookReceiver() as receiver:
        key = running.new_key("one")
        call(running, key, "/webhooks", {"endpoint": receiver.url(), "events": ["email.sent"]})
        call(running, key, "/emails", {"from": "from@example.com", "to": "to@example.com", "subject": "s", "text": "t"})
        running.wait_until(lambda: bool(receiver.requests), "the webhook to be told that the mail was sent")
        running.wait_until(
            lambda: any(one.name == "postroom_webhooks" and one.value == 1 for one in scrape(running, "scheduler")),
            "the scheduler to measure the webhook",
        )
        yield running


def call(stack: Stack, key: str, path: str, body: dict[str, object]) -> None:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", stack.port("api"), timeout=10)
    connection.request("POST", path, json.dumps(body), headers)
    assert connection.getresponse().status in {200, 201}
    connection.close()


def read(stack: Stack, name: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{stack.port(name)}/metrics", timeout=10) as answer:
        text: str = answer.read().decode()
        return text


def scrape(stack: Stack, name: str) -> list[Sample]:
    return [sample for family in text_string_to_metric_families(read(stack, name)) for sample in family.samples]


def told(stack: Stack) -> dict[str, frozenset[str]]:
    """Every name that one of the processes tells, with its labels; `# TYPE` names also what has no series yet."""
    found = dict(OF_PROMETHEUS)
    for service in SERVICES:
        types = set(re.findall(r"^# TYPE (\S+)", read(stack, service), re.MULTILINE))
        for metric in read_metrics():
            if metric.shown_name in types:
                found |= metric.series
        for sample in scrape(stack, service):
            found[sample.name] = frozenset(sample.labels)
    return found


def test_each_service_tells_what_the_page_says_of_it(stack: Stack) -> None:
    for service in SERVICES:
        types = re.findall(r"^# TYPE (postroom_\S+)", read(stack, service), re.MULTILINE)
        declared = {metric.shown_name for metric in read_metrics() if service in metric.services}
        assert {name for name in types if not name.endswith("_created")} == declared, service


def test_every_metric_that_an_alert_or_a_panel_names_is_told_by_a_live_process(stack: Stack) -> None:
    series = told(stack)
    assert {where: found for where, text in EXPRESSIONS.items() if (found := find_strangers(text, series))} == {}
    assert find_strangers("postroom_planted > 1", series) == ["postroom_planted"]


def unmatched(samples: list[Sample], expression: str) -> set[tuple[str, str]]:
    """Values that an expression asks for and that no series has: it would be silent for ever."""
    return {
        (name, value.replace("\\", ""))
        for name, label, value in find_matchers(expression)
        if not any(one.name == name and re.fullmatch(value, one.labels.get(label, "")) for one in samples)
    }


def test_every_value_of_a_label_that_is_asked_for_is_there(stack: Stack) -> None:
    samples = [sample for service in SERVICES for sample in scrape(stack, service)]
    missing = {pair for expression in EXPRESSIONS.values() for pair in unmatched(samples, expression)}
    assert missing <= NOT_HERE
    assert unmatched(samples, 'postroom_queue_depth{state="planted"}') == {("postroom_queue_depth", "planted")}


COUNTED = [
    ("postroom_emails_accepted_total", {"lane": "interactive", "transport": "ses"}, 1),
    ("postroom_emails_sent_total", {"transport": "ses"}, 1),
    ("postroom_end_to_end_seconds_count", {"transport": "ses", "lane": "interactive"}, 1),
    ("postroom_webhook_attempts_total", {"result": "posted"}, 1),
    ("postroom_webhooks", {"state": "healthy"}, 1),
    ("postroom_queue_depth", {"lane": "interactive", "state": "due"}, 0),
    ("postroom_quota_per_second", {}, 10_000),
    ("postroom_quota_sending_enabled", {}, 1),
]


def find_value(stack: Stack, name: str, labels: dict[str, str]) -> float:
    samples = [sample for service in SERVICES for sample in scrape(stack, service)]
    [found] = [one.value for one in samples if one.name == name and one.labels.items() >= labels.items()]
    return found


@pytest.mark.parametrize(("name", "labels", "expected"), COUNTED)
def test_what_happened_was_counted(stack: Stack, name: str, labels: dict[str, str], expected: float) -> None:
    # The worker counts after the receiver has heard, and the scheduler measures every quarter of a minute.
    stack.wait_until(lambda: find_value(stack, name, labels) == expected, f"{name} to be {expected}")


def test_an_email_took_some_time(stack: Stack) -> None:
    assert 0 < find_value(stack, "postroom_end_to_end_seconds_sum", {"transport": "ses", "lane": "interactive"}) < 60
