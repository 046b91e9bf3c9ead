"""How many requests a key may make: counted by all processes together, and nobody waits for a Redis that is away."""

import math
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from loguru import logger
from redis import Redis as Client

from postroom_api import rate_limit
from postroom_api_testing.exchange import Answer
from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import MAIL, TERMS, RunningApi
from postroom_testing.redis import Redis
from postroom_testing.server import wait_until

if TYPE_CHECKING:
    from loguru import Message

LIMIT = 20
LIMITED = replace(TERMS, requests_per_second=LIMIT)


@pytest.fixture
def limited_api(mariadb_url: str, redis_url: str) -> Iterator[RunningApi]:
    with RunningApi(mariadb_url, redis_url, terms=LIMITED) as running:
        yield running


@pytest.fixture
def told() -> Iterator[list[str]]:
    """What was told of Redis and of counting so far: level and name."""
    seen: list[str] = []

    def note(message: "Message") -> None:
        if message.record["message"].startswith(("rate_limit.", "service.", "hints.")):
            seen.append(f"{message.record['level'].name} {message.record['message']}")

    handler = logger.add(note)
    yield seen
    logger.remove(handler)


def at_a_window(api: RunningApi) -> None:
    """Wait for the end of the window that is open now, if one is."""
    time.sleep(1.05)
    api.request("GET", "/livez", token=None)


def figures(answer: Answer) -> tuple[int, int, int]:
    names = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")
    limit, remaining, reset = (int(answer.headers[name]) for name in names)
    return limit, remaining, reset


def test_every_answer_says_where_its_key_stands(limited_api: RunningApi) -> None:
    at_a_window(limited_api)
    answers = [limited_api.request("GET", path) for path in ("/emails", "/emails/nonsense", "/api-keys")]
    answers += [limited_api.send(), limited_api.request("POST", "/emails/batch", [MAIL] * 50)]
    assert [answer.status for answer in answers] == [200, 422, 200, 200, 200]
    assert [figures(answer) for answer in answers] == [(LIMIT, LIMIT - used, 1) for used in range(1, 6)]
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {f"{LIMIT};w=1"}


def test_too_many_are_refused_and_told_when_to_come_back(limited_api: RunningApi) -> None:
    at_a_window(limited_api)
    answers = [limited_api.request("GET", "/emails?limit=1") for _ in range(LIMIT + 3)]
    assert [answer.status for answer in answers] == [200] * LIMIT + [429] * 3
    message = expect_refusal(answers[-1], 429, "rate_limit_exceeded")
    assert f"{LIMIT} a second" in message
    assert (answers[-1].headers["retry-after"], figures(answers[-1])) == ("1", (LIMIT, 0, 1))
    at_a_window(limited_api)
    assert limited_api.request("GET", "/emails").status == 200


def test_what_is_refused_is_not_stored(limited_api: RunningApi) -> None:
    at_a_window(limited_api)
    answers = [limited_api.send() for _ in range(LIMIT + 5)]
    at_a_window(limited_api)
    stored = limited_api.request("GET", "/emails?limit=100").json()["data"]
    assert len(stored) == [answer.status for answer in answers].count(200)


def test_each_key_has_a_count_of_its_own(limited_api: RunningApi) -> None:
    _, token = limited_api.add_workspace("other")
    at_a_window(limited_api)
    for _ in range(LIMIT + 1):
        last = limited_api.request("GET", "/emails?limit=1")
    assert last.status == 429
    assert limited_api.request("GET", "/emails", token=token).status == 200


def test_two_processes_count_together_under_load(
    mariadb_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # That nobody waits for a Redis that is slow, as it is on a busy machine, is another test's.
    monkeypatch.setattr(rate_limit, "_ANSWER_SECONDS", 5.0)
    terms = replace(TERMS, requests_per_second=50)
    with (
        RunningApi(mariadb_url, redis_url, terms=terms) as one,
        RunningApi(mariadb_url, redis_url, workspace="two", terms=terms) as two,
    ):
        begun = time.monotonic()
        with ThreadPoolExecutor(16) as pool:
            requests = [
                pool.submit((one, two)[n % 2].request, "GET", "/emails?limit=1", token=one.token) for n in range(300)
            ]
            statuses = [request.result().status for request in requests]
        windows = math.ceil(time.monotonic() - begun) + 1
    assert set(statuses) <= {200, 429}
    assert 50 <= statuses.count(200) <= 50 * windows
    assert statuses.count(429) > 0


def test_a_window_begins_with_its_first_request_whatever_the_hosts_clock_says(
    limited_api: RunningApi, redis_url: str
) -> None:
    at_a_window(limited_api)
    assert limited_api.request("GET", "/emails").status == 200
    client = Client.from_url(redis_url)
    [key] = [name for name in client.keys("*") if b"rate" in name]
    assert 0 < client.pttl(key) <= 1000
    client.close()


@pytest.mark.parametrize("trouble", ["stop", "pause"])
def test_without_redis_nobody_is_refused_or_waits_and_it_is_said_once(
    limited_api: RunningApi, redis_server: Redis, trouble: str, told: list[str]
) -> None:
    assert limited_api.request("GET", "/emails").status == 200
    getattr(redis_server, trouble)()
    first = time.monotonic()
    assert limited_api.request("GET", "/emails").status == 200
    assert time.monotonic() - first < 0.5
    seconds: list[float] = []
    for _ in range(LIMIT * 2):
        begun = time.monotonic()
        answer = limited_api.request("GET", "/emails?limit=1")
        seconds.append(time.monotonic() - begun)
        assert answer.status == 200
        assert "ratelimit-limit" not in answer.headers
    assert statistics.median(seconds) < 0.05
    wait_until(lambda: bool(told), seconds=5, what="it to be told")
    if trouble == "stop":
        redis_server.start()
    else:
        redis_server.resume()
    wait_until(
        lambda: "ratelimit-limit" in limited_api.request("GET", "/emails").headers, seconds=5, what="counting to go on"
    )
    assert told == ["WARNING service.went_down", "INFO service.came_up"]


def test_a_redis_that_is_only_slow_counts_nothing_for_a_second_and_that_is_told(
    limited_api: RunningApi, redis_server: Redis, redis_url: str, told: list[str]
) -> None:
    assert limited_api.request("GET", "/emails").status == 200
    with Client.from_url(redis_url) as client:
        client.execute_command("CLIENT", "PAUSE", 300, "ALL")
    answer = limited_api.request("GET", "/emails")
    assert (answer.status, "ratelimit-limit" in answer.headers) == (200, False)
    wait_until(
        lambda: "ratelimit-limit" in limited_api.request("GET", "/emails").headers, seconds=5, what="counting to go on"
    )
    assert told == ["WARNING rate_limit.paused"]


def test_no_limit_counts_nothing(mariadb_api: RunningApi, redis_url: str) -> None:
    assert "ratelimit-limit" not in mariadb_api.request("GET", "/emails").headers
    client = Client.from_url(redis_url)
    assert [name for name in client.keys("*") if b"rate" in name] == []
    client.close()
