"""``POST /hooks/ses``: what SNS has signed is kept for a worker, once, and answered at once."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from loguru import logger
from prometheus_client import REGISTRY

from postroom_api_testing.hooks import ONE, handed_over, kept, post, take
from postroom_api_testing.running import RunningApi
from postroom_jobs.broker import first_waiting, open_broker
from postroom_jobs.names import PROVIDER_EVENTS
from postroom_testing import ses_events
from postroom_testing.redis import Redis
from postroom_testing.server import wait_until
from postroom_testing.sns import SnsServer


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """What is logged: names of events with their context and data."""
    heard: list[dict[str, Any]] = []
    number = logger.add(lambda line: heard.append({"event": line.record["message"], **line.record["extra"]}), level=0)
    yield heard
    logger.remove(number)


def count(result: str) -> float:
    return REGISTRY.get_sample_value("postroom_provider_messages_total", {"result": result}) or 0.0


def hinted(redis_url: str) -> list[str]:
    broker = open_broker(redis_url, timeout_seconds=2)
    try:
        return [text for hint in first_waiting(broker, PROVIDER_EVENTS.queue, 100) for text in hint.args[0]]
    finally:
        broker.client.close()


@pytest.mark.parametrize("version", ["1", "2"])
def test_what_sns_signed_is_kept_and_a_worker_is_told(
    hook_api: RunningApi, sns: SnsServer, redis_url: str, version: str, lines: list[dict[str, Any]]
) -> None:
    text = ses_events.send(handed_over())
    message = sns.notification(text, version=version)
    before = count("kept")
    answer = post(hook_api, message)
    assert (answer.status, answer.json()) == (200, {"result": "kept"})
    assert count("kept") == before + 1
    [row] = kept(hook_api).values()
    assert (row.id, row.body, row.result, row.attempts) == (message["MessageId"], text, None, 0)
    assert row.request_id == answer.headers["x-request-id"]
    assert row.due_at is not None
    assert row.hinted_at is not None
    wait_until(lambda: hinted(redis_url) == [str(row.job_id)], seconds=10, what="a worker to be told")
    assert ONE not in json.dumps(lines, default=str)


def test_a_replay_changes_nothing(hook_api: RunningApi, sns: SnsServer) -> None:
    message = sns.notification(ses_events.delivery(handed_over()))
    before = count("repeated")
    assert post(hook_api, message).json() == {"result": "kept"}
    first = kept(hook_api)
    assert [post(hook_api, message).json()["result"] for _ in range(2)] == ["repeated"] * 2
    assert kept(hook_api) == first
    assert count("repeated") == before + 2


def test_age_alone_refuses_nothing(hook_api: RunningApi, sns: SnsServer) -> None:
    text = ses_events.send(handed_over())
    assert take(hook_api, sns, text, Timestamp="2012-05-02T00:54:06.655Z") == "kept"


def test_without_redis_the_sweep_is_left_to_tell(hook_api: RunningApi, sns: SnsServer, redis_server: Redis) -> None:
    redis_server.stop()
    texts = [ses_events.send(handed_over()) for _ in range(2)]
    assert take(hook_api, sns, texts[0]) == "kept"
    wait_until(lambda: not hook_api.hinter.is_open(), seconds=10, what="the api to see that Redis is away")
    assert take(hook_api, sns, texts[1]) == "kept"
    wait_until(
        lambda: [row.hinted_at for row in kept(hook_api).values()] == [None, None],
        seconds=10,
        what="the rows to say that nobody was told",
    )
