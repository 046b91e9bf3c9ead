import time
from collections.abc import Callable

import pytest
from dramatiq.brokers.redis import RedisBroker
from redis import Redis as Client

from postroom_domain.ids import new_id
from postroom_domain.lanes import Lane
from postroom_jobs.broker import HintsUnavailable, open_broker
from postroom_jobs.hints import Hints
from postroom_testing.redis import Redis

TIMEOUT_SECONDS = 0.5
CALLS: dict[str, Callable[[Hints], object]] = {
    "room": lambda hints: hints.room(Lane.BULK),
    "give": lambda hints: hints.give(Lane.BULK, [new_id()]),
    "check": lambda hints: hints.check(),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("trouble", ["pause", "stop"])
def test_a_redis_that_is_away_is_said_to_be_away_within_the_time_out_and_found_again(
    broker: RedisBroker, redis_server: Redis, trouble: str, call: Callable[[Hints], object]
) -> None:
    hints = Hints(broker, mark=100)
    call(hints)
    getattr(redis_server, trouble)()
    started = time.monotonic()
    with pytest.raises(HintsUnavailable, match=r"^Redis does not answer$"):
        call(hints)
    assert time.monotonic() - started < TIMEOUT_SECONDS + 0.4
    if trouble == "pause":
        redis_server.resume()
    else:
        redis_server.start()
    call(hints)


def test_a_wrong_password_is_said_without_it(redis_url: str) -> None:
    with Client.from_url(redis_url) as client:
        client.acl_setuser("postroom", enabled=True, passwords=["+right"], categories=["+@all"], keys=["*"])
        broker = open_broker(f"{redis_url}?username=postroom&password=hunter2", timeout_seconds=TIMEOUT_SECONDS)
        try:
            with pytest.raises(HintsUnavailable, match=r"^Redis refuses the user or the password$"):
                Hints(broker, mark=100).check()
        finally:
            broker.client.close()
            client.acl_deluser("postroom")


def test_dramatiq_decides_nothing_about_retries_and_time(broker: RedisBroker) -> None:
    assert [type(middleware).__name__ for middleware in broker.middleware] == []
