import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from redis import Redis as Client

from postroom_domain.lanes import Lane
from postroom_domain.quotas import UNLIMITED
from postroom_testing.redis import Redis
from postroom_worker.bucket import Bucket, Terms, capacity
from postroom_worker.local_bucket import LocalBucket
from postroom_worker.shared_bucket import BucketUnavailable, SharedBucket

SHARE = 0.2
TERMS = Terms(reading=1, per_second=100.0, day_left=UNLIMITED, day_kept=0.0)
FAST = replace(TERMS, per_second=1e6)
SLOW = replace(TERMS, per_second=0.001)
INTERACTIVE, BULK = Lane

Open = Callable[[], SharedBucket]


@pytest.fixture
def open_bucket(redis_url: str) -> Iterator[Open]:
    opened: list[SharedBucket] = []

    def make() -> SharedBucket:
        opened.append(SharedBucket(redis_url, SHARE))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture(params=["shared", "local"])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    make: Callable[[], Bucket] = request.getfixturevalue("open_bucket")
    return LocalBucket(SHARE) if request.param == "local" else make()


@pytest.fixture
def client(redis_url: str) -> Iterator[Any]:
    with Client.from_url(redis_url, socket_timeout=5) as opened:
        yield opened


def fill(bucket: Bucket, terms: Terms) -> None:
    bucket.take(INTERACTIVE, -10_000_000, terms)


def drain(bucket: Bucket, lane: Lane, terms: Terms) -> int:
    """Take until nothing is left; how much that was."""
    taken = 0
    while bucket.take(lane, 1, terms).granted:
        taken += 1
    return taken


def test_bulk_mail_leaves_the_share_of_interactive_mail(bucket: Bucket) -> None:
    fill(bucket, TERMS)
    assert drain(bucket, BULK, TERMS) >= 8
    assert bucket.take(INTERACTIVE, 1, TERMS).granted
    assert not bucket.take(BULK, 1, TERMS).granted


@pytest.mark.parametrize("share", [0.0, 0.1, 0.2, 0.3, 0.7, 0.9])
@pytest.mark.parametrize("lane", Lane)
def test_the_slowest_rate_lets_one_go_at_a_time_whatever_the_share(redis_url: str, lane: Lane, share: float) -> None:
    shared = SharedBucket(redis_url, share)
    for bucket in (shared, LocalBucket(share)):
        fill(bucket, SLOW)
        assert drain(bucket, lane, SLOW) == int(capacity(SLOW.per_second, share) + 1e-9 if lane is INTERACTIVE else 1)
    shared.close()


@pytest.mark.parametrize("share", [0.0, 0.0157, 0.2, 0.9])  # one of them is not what it seems in binary
@pytest.mark.parametrize("lane", Lane)
def test_a_full_bucket_lets_any_email_go(redis_url: str, lane: Lane, share: float) -> None:
    terms = replace(TERMS, per_second=14.0)
    shared = SharedBucket(redis_url, share)
    for bucket in (shared, LocalBucket(share)):
        fill(bucket, terms)
        assert bucket.take(lane, 50, terms).granted
    shared.close()


def test_who_is_refused_is_told_when_to_ask_again(bucket: Bucket) -> None:
    slow = replace(TERMS, per_second=2.0)
    fill(bucket, slow)
    assert bucket.take(INTERACTIVE, 1, slow).granted
    assert bucket.take(INTERACTIVE, 1, slow).wait_seconds == pytest.approx((1 - 0.25) / 2, abs=0.2)
    assert bucket.take(BULK, 1, slow).wait_seconds == pytest.approx(1 / 2, abs=0.2)


@pytest.mark.parametrize("lane", Lane)
def test_an_email_with_more_recipients_than_fit_leaves_a_debt(bucket: Bucket, lane: Lane) -> None:
    slow = replace(TERMS, per_second=10.0)
    fill(bucket, slow)
    assert bucket.take(lane, 50, slow).granted
    refused = bucket.take(INTERACTIVE, 1, slow)
    assert not refused.granted
    assert refused.wait_seconds == pytest.approx((50 - 1.25 + 1) / 10, abs=0.5)


def test_what_is_given_back_is_there_for_the_next_one_and_never_more_than_fits(bucket: Bucket) -> None:
    fill(bucket, SLOW)
    terms = replace(SLOW, reading=2, day_left=10.0)
    assert bucket.take(INTERACTIVE, 3, terms).day_left == 7.0
    assert not bucket.take(INTERACTIVE, 1, terms).granted
    assert bucket.take(INTERACTIVE, -3, terms).day_left == 10.0
    assert drain(bucket, INTERACTIVE, terms) == 1


def test_a_throttle_stops_everybody_for_a_second(bucket: Bucket) -> None:
    fill(bucket, TERMS)
    bucket.take(INTERACTIVE, 1, TERMS)
    for _ in range(5):
        bucket.throttled()
    refused = bucket.take(INTERACTIVE, 1, TERMS)
    assert not refused.granted
    assert refused.wait_seconds == pytest.approx(1.0, abs=0.3)


def test_the_day_ends_for_bulk_mail_before_it_ends_for_interactive_mail(bucket: Bucket) -> None:
    fill(bucket, FAST)
    terms = Terms(reading=7, per_second=1e6, day_left=10.0, day_kept=4.0)
    assert drain(bucket, BULK, terms) == 6
    assert bucket.take(BULK, 1, terms).day_is_spent
    assert not bucket.take(INTERACTIVE, 5, terms).granted
    assert drain(bucket, INTERACTIVE, terms) == 4
    assert bucket.take(INTERACTIVE, 1, terms).day_is_spent
    assert bucket.take(INTERACTIVE, 0, terms).day_left == 0


def test_only_a_newer_reading_fills_the_day(bucket: Bucket) -> None:
    fill(bucket, FAST)
    terms = Terms(reading=7, per_second=1e6, day_left=5.0, day_kept=0.0)
    assert drain(bucket, INTERACTIVE, terms) == 5
    assert bucket.take(INTERACTIVE, 1, replace(terms, reading=6, day_left=100.0)).day_is_spent
    assert drain(bucket, INTERACTIVE, replace(terms, reading=8, day_left=3.0)) == 3
    assert bucket.take(INTERACTIVE, 1, replace(terms, reading=9, day_left=UNLIMITED)).day_left == UNLIMITED


def test_a_count_of_the_day_from_an_old_reading_holds_nobody_up(open_bucket: Open, client: Any) -> None:
    bucket = open_bucket()
    terms = Terms(reading=7, per_second=1e6, day_left=0.0, day_kept=0.0)
    assert bucket.take(INTERACTIVE, 1, terms).day_is_spent
    client.hincrbyfloat("postroom-pace", "since", -3601)
    assert bucket.take(INTERACTIVE, 1, terms).granted


def test_the_newest_reading_holds_for_workers_that_have_not_read_it(open_bucket: Open) -> None:
    one, other = open_bucket(), open_bucket()
    one.take(INTERACTIVE, 0, replace(TERMS, reading=2, per_second=1e6))
    assert drain_for(other, INTERACTIVE, TERMS, seconds=0.2) > 100


def drain_for(bucket: Bucket, lane: Lane, terms: Terms, *, seconds: float) -> int:
    taken, ends_at = 0, time.monotonic() + seconds
    while time.monotonic() < ends_at:
        taken += bucket.take(lane, 1, terms).granted
    return taken


def test_three_workers_together_keep_to_the_rate_and_use_it(open_bucket: Open) -> None:
    taken: list[float] = []

    def work(bucket: SharedBucket, lane: Lane, count: int) -> None:
        while time.monotonic() < ends_at:
            answer = bucket.take(lane, count, TERMS)
            if answer.granted:
                taken.append(count)
            else:
                time.sleep(answer.wait_seconds)

    buckets = [open_bucket() for _ in range(3)]
    started = time.monotonic()
    ends_at = started + 3
    threads = [
        threading.Thread(target=work, args=(bucket, lane, count))
        for bucket in buckets
        for lane, count in ((INTERACTIVE, 1), (BULK, 3))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    most = TERMS.per_second * (time.monotonic() - started) + capacity(TERMS.per_second, SHARE)
    assert 0.5 * TERMS.per_second * 3 <= sum(taken) <= most + 3  # an email may leave a debt


def test_workers_that_take_are_counted_until_they_are_silent(open_bucket: Open, client: Any) -> None:
    buckets = [open_bucket() for _ in range(3)]
    assert [bucket.take(INTERACTIVE, 0, TERMS).workers for bucket in buckets] == [1, 2, 3]
    silent = client.zrange("postroom-pace-workers", 0, 0)[0]
    client.zincrby("postroom-pace-workers", -16, silent)
    assert buckets[2].take(INTERACTIVE, 0, TERMS).workers == 2


def test_a_redis_that_forgets_everything_starts_with_a_full_bucket(open_bucket: Open, redis_server: Redis) -> None:
    bucket = open_bucket()
    drain(bucket, INTERACTIVE, SLOW)
    redis_server.flush()
    bucket.throttled()
    assert bucket.take(INTERACTIVE, 1, SLOW).granted
    redis_server.stop()
    redis_server.start()
    assert not bucket.take(INTERACTIVE, 1, SLOW).granted


@pytest.mark.parametrize("trouble", ["kill", "pause"])
def test_nobody_waits_for_a_redis_that_is_away(open_bucket: Open, redis_server: Redis, trouble: str) -> None:
    bucket = open_bucket()
    bucket.take(INTERACTIVE, 1, TERMS)
    getattr(redis_server, trouble)()
    for call in (lambda: bucket.take(INTERACTIVE, 1, TERMS), bucket.throttled):
        started = time.monotonic()
        with pytest.raises(BucketUnavailable):
            call()
        assert time.monotonic() - started < 2.0
