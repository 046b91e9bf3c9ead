"""Redis is a window that may be shut: clients do not feel it, and nothing is lost."""

import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select

from postroom_api_testing.running import MAIL, RunningApi
from postroom_database.models import Email
from postroom_domain.lanes import Lane
from postroom_testing.redis import Redis
from postroom_testing.server import wait_until

ROUNDS = 4
REQUESTS = 50


def unhinted(api: RunningApi) -> int:
    with api.database.read() as connection:
        counted = select(func.count()).select_from(Email).where(Email.hinted_at.is_(None))
        return int(connection.execute(counted).scalar_one())


def hinted_ids(api: RunningApi) -> int:
    """How many ids Redis may hold, hints counted as full."""
    return 20_000 - api.hints.room(Lane.INTERACTIVE)


def send_many(api: RunningApi, count: int) -> list[float]:
    """The seconds that each took; all must be stored."""
    seconds = []
    for _ in range(count):
        started = time.perf_counter()
        assert api.send().status == 200
        seconds.append(time.perf_counter() - started)
    return seconds


def expect_hints_again(api: RunningApi) -> None:
    """Send until one is hinted; the circuit is tried about once a second."""

    def hinted() -> bool:
        before = hinted_ids(api)
        api.send()
        deadline = time.monotonic() + 0.2
        while time.monotonic() < deadline:
            if hinted_ids(api) > before:
                return True
            time.sleep(0.01)
        return False

    wait_until(hinted, seconds=10, what="hints to flow again")


def test_a_paused_redis_is_not_felt(mariadb_api: RunningApi, redis_server: Redis) -> None:
    send_many(mariadb_api, 20)
    up: list[float] = []
    paused: list[float] = []
    for _ in range(ROUNDS):
        up += send_many(mariadb_api, REQUESTS)
        redis_server.pause()
        before = unhinted(mariadb_api)
        paused += send_many(mariadb_api, REQUESTS)
        wait_until(lambda: unhinted(mariadb_api) >= before + REQUESTS, seconds=10, what="rows to say: not hinted")  # noqa: B023 - awaited in this round
        redis_server.resume()
        expect_hints_again(mariadb_api)
    ratio = statistics.median(paused) / statistics.median(up)
    assert ratio <= 1.5, f"{ratio:.2f} times as long while Redis is paused"
    assert max(paused) < 5


def test_a_stopped_redis_is_not_felt(mariadb_api: RunningApi, redis_server: Redis) -> None:
    send_many(mariadb_api, 5)
    wait_until(lambda: hinted_ids(mariadb_api) > 0, seconds=5, what="hints")
    redis_server.stop()
    send_many(mariadb_api, 20)
    assert mariadb_api.request("POST", "/emails/batch", [MAIL] * 100).status == 200
    wait_until(lambda: unhinted(mariadb_api) == 120, seconds=10, what="rows to say: not hinted")
    assert mariadb_api.request("GET", "/readyz").status == 200
    assert mariadb_api.request("GET", "/readyz").json()["services"]["redis"]["status"] == "down"
    redis_server.start()
    expect_hints_again(mariadb_api)


@contextmanager
def black_hole(path: Path) -> Iterator[str]:
    """A Redis that takes connections and never says a word."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(64)
        yield f"unix://{path}"


def test_a_black_hole_for_redis_is_not_felt(mariadb_url: str, tmp_path: Path) -> None:
    with black_hole(tmp_path / "hole") as url, RunningApi(mariadb_url, url) as api:
        seconds = send_many(api, 60)
        assert max(seconds) < 2
        assert statistics.median(seconds) < 0.2
        wait_until(lambda: unhinted(api) == 60, seconds=10, what="rows to say: not hinted")


def test_a_flushed_redis_loses_no_email(mariadb_api: RunningApi, redis_server: Redis) -> None:
    send_many(mariadb_api, 5)
    redis_server.flush()
    send_many(mariadb_api, 5)
    assert len(mariadb_api.request("GET", "/emails").json()["data"]) == 10


def test_a_full_window_is_left_to_the_sweep(mariadb_url: str, redis_url: str) -> None:
    with RunningApi(mariadb_url, redis_url) as api:
        api.hints._mark = 20
        for _ in range(4):
            assert api.request("POST", "/emails/batch", [MAIL] * 10).status == 200
            api.hinter.is_open()
        wait_until(lambda: unhinted(api) == 20, seconds=10, what="the rest to be left to the sweep")
        assert api.hints.room(Lane.BULK) == 0
