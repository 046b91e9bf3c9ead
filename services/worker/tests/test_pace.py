import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from postroom_database.engine import Database
from postroom_database.repositories import quotas
from postroom_domain.lanes import Lane
from postroom_domain.quotas import UNLIMITED, Quota
from postroom_testing.mariadb import MariaDb
from postroom_testing.redis import Redis
from postroom_testing.server import wait_until
from postroom_worker import pace as module
from postroom_worker.bucket import capacity
from postroom_worker.pace import Pace, Turn
from postroom_worker.parking import Parked

SHARE = 0.2
INTERACTIVE, BULK = Lane
NEVER = threading.Event()

Open = Callable[[], Pace]


def write(database: Database, per_second: float, **changes: Any) -> None:
    values: dict[str, Any] = {"per_day": UNLIMITED, "sent_in_day": 0.0, "sending_enabled": True}
    with database.begin() as connection:
        quotas.write(connection, Quota(per_second=per_second, **(values | changes)))


@pytest.fixture
def open_pace(database: Database, redis_url: str) -> Iterator[Open]:
    opened: list[Pace] = []

    def make() -> Pace:
        pace = Pace(database, redis_url, SHARE)
        pace.start()
        opened.append(pace)
        return pace

    yield make
    for pace in opened:
        pace.close()


def go(pace: Pace, lane: Lane, recipients: int = 1) -> float:
    """Wait until one may go; the seconds that it took."""
    started = time.monotonic()
    assert pace.wait(lane, recipients, NEVER, seconds=30) is Turn.GRANTED
    return time.monotonic() - started


class Crowd:
    """Threads that let go as much mail as they may."""

    def __init__(self, paces: list[Pace], lane: Lane, *, threads: int = 4, recipients: int = 1) -> None:
        self.sent: list[float] = []
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(pace, lane, recipients)) for pace in paces for _ in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def _work(self, pace: Pace, lane: Lane, recipients: int) -> None:
        while pace.wait(lane, recipients, self._stopping, seconds=30) is Turn.GRANTED:
            self.sent += [time.monotonic()] * recipients

    def stop(self) -> float:
        """The seconds until all have stopped."""
        asked_at = time.monotonic()
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        return time.monotonic() - asked_at

    def between(self, start: float, end: float) -> int:
        return sum(start <= at < end for at in list(self.sent))


def test_before_anything_is_known_it_is_the_sandbox_of_ses(open_pace: Open) -> None:
    pace = open_pace()
    go(pace, BULK)
    assert 0.7 < go(pace, BULK) < 3.0


def test_a_new_quota_is_noticed(open_pace: Open, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FRESH_SECONDS", 1.0)
    write(database, 10_000.0)
    pace = open_pace()
    assert sum(go(pace, BULK) for _ in range(100)) < 5.0
    write(database, 2.0)
    wait_until(lambda: go(pace, BULK) > 0.3, seconds=10, what="the new rate to hold")
    write(database, 10_000.0)
    wait_until(lambda: go(pace, BULK) < 0.1, seconds=10, what="the old rate to hold again")


def test_interactive_mail_does_not_wait_behind_a_batch(open_pace: Open, database: Database) -> None:
    write(database, 14.0)
    paces = [open_pace(), open_pace()]
    started = time.monotonic()
    crowd = Crowd(paces, BULK)
    wait_until(lambda: len(crowd.sent) > 10, seconds=10, what="the batch to be under way")
    waits = []
    for number in range(8):
        time.sleep(0.3)
        waits.append(go(paces[number % 2], INTERACTIVE))
    crowd.stop()
    seconds = time.monotonic() - started
    print(f"interactive mail waited for {max(waits) * 1000:.0f} ms at most")  # noqa: T201 - the figure
    assert max(waits) < 1.0
    assert 0.5 * 14 * seconds < len(crowd.sent) + len(waits) <= 14 * seconds + capacity(14, SHARE)


def test_interactive_mail_at_the_full_rate_leaves_batches_next_to_nothing(open_pace: Open, database: Database) -> None:
    write(database, 30.0)
    pace = open_pace()
    crowds = [Crowd([pace], lane) for lane in Lane]
    wait_until(lambda: sum(len(crowd.sent) for crowd in crowds) > 100, seconds=20, what="much mail")
    for crowd in crowds:
        crowd.stop()
    interactive, bulk = (len(crowd.sent) for crowd in crowds)
    print(f"{interactive} interactive, {bulk} bulk")  # noqa: T201 - the figure
    assert bulk < 0.25 * interactive


def test_recipients_are_what_counts(open_pace: Open, database: Database) -> None:
    write(database, 50.0)
    pace = open_pace()
    go(pace, BULK, 50)
    assert 0.7 < go(pace, BULK, 1) < 3.0
    pace.give_back(BULK, 50)
    assert go(pace, BULK, 1) < 0.5


def test_without_redis_each_worker_keeps_to_its_part(
    open_pace: Open, database: Database, redis_server: Redis, heard: list[tuple[str, Any]], monkeypatch: Any
) -> None:
    monkeypatch.setattr(module, "_FRESH_SECONDS", 1.0)
    rate, seconds = 30.0, 3.0
    write(database, rate)
    paces = [open_pace() for _ in range(3)]
    crowd = Crowd(paces, BULK)
    time.sleep(1.5)  # each hears of the others when it tells of itself
    redis_server.kill()
    killed_at = time.monotonic()
    time.sleep(seconds)
    redis_server.start()
    wait_until(lambda: names(heard)["pace.shared"] == len(paces), seconds=10, what="all to share again")
    shared_at = time.monotonic()
    time.sleep(seconds)
    idle = crowd.stop()
    apart = crowd.between(killed_at, killed_at + seconds)
    together = crowd.between(shared_at, shared_at + seconds)
    print(f"of {rate * seconds:.0f} in {seconds:.0f} s: {apart} without Redis, {together} with it")  # noqa: T201 - the figure
    room = len(paces) * capacity(rate / len(paces), SHARE)
    assert 0.5 * rate * seconds - room <= apart <= rate * seconds + room
    assert 0.5 * rate * seconds <= together <= rate * seconds + room
    assert names(heard)["pace.localised"] == len(paces)
    assert {fields["workers"] for name, fields in heard if name == "pace.localised"} == {3}
    assert idle < 3.0


def test_an_idle_worker_counts_and_knows_of_the_others(
    open_pace: Open, redis_server: Redis, heard: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FRESH_SECONDS", 0.1)
    first = open_pace()
    open_pace()
    open_pace()
    time.sleep(2.5)  # each tells of itself every second
    redis_server.kill()
    go(first, BULK)
    assert next(fields["workers"] for name, fields in heard if name == "pace.localised") == 3


def names(heard: list[tuple[str, Any]]) -> Counter[str]:
    return Counter(name for name, _ in heard)


def test_a_throttle_slows_all_workers_down(open_pace: Open, database: Database) -> None:
    write(database, 100.0)
    one, other = open_pace(), open_pace()
    go(one, INTERACTIVE)
    other.throttled()
    assert 0.7 < go(one, INTERACTIVE) < 3.0


def test_a_day_that_is_spent_parks_bulk_mail_first(open_pace: Open, database: Database) -> None:
    write(database, 10_000.0, per_day=100.0, sent_in_day=78.0)
    pace = open_pace()
    go(pace, BULK)
    go(pace, BULK)
    parked = pace.wait(BULK, 1, NEVER, seconds=5)
    assert isinstance(parked, Parked)
    assert parked.why == "quota"
    assert 600 < parked.seconds < 1200
    for _ in range(20):
        go(pace, INTERACTIVE)
    assert isinstance(pace.wait(INTERACTIVE, 1, NEVER, seconds=5), Parked)


@pytest.mark.parametrize("quota", [{"per_second": 14.0, "sending_enabled": False}, {"per_second": 0.0}])
def test_paused_sending_parks_everything(open_pace: Open, database: Database, quota: dict[str, Any]) -> None:
    write(database, **quota)
    pace = open_pace()
    for lane in Lane:
        parked = pace.wait(lane, 1, NEVER, seconds=5)
        assert isinstance(parked, Parked)
        assert parked.why == "paused"


def test_who_waits_is_asked_back_and_stops_when_the_worker_does(open_pace: Open, database: Database) -> None:
    write(database, 0.05)
    pace = open_pace()
    go(pace, BULK)
    started = time.monotonic()
    assert pace.wait(BULK, 1, NEVER, seconds=0.3) is Turn.WAITS
    assert time.monotonic() - started < 3.0
    assert Crowd([pace], BULK, threads=8).stop() < 3.0


def test_a_database_that_is_away_leaves_the_last_quota(
    open_pace: Open, database: Database, mariadb: MariaDb, heard: list[tuple[str, Any]], monkeypatch: Any
) -> None:
    monkeypatch.setattr(module, "_FRESH_SECONDS", 0.0)
    write(database, 10_000.0)
    pace = open_pace()
    mariadb.stop()
    pace._beat()
    assert sum(go(pace, BULK) for _ in range(50)) < 5.0
    assert "pace.failed" not in names(heard)
