"""Kill -9 anywhere: all mail arrives."""

from collections import Counter
from collections.abc import Iterator

import pytest

from postroom_acceptance.load import Load, singles
from postroom_acceptance.stack import SERVICES, Stack
from postroom_testing.server import wait_until
from postroom_testing.ses import SesServer

MAILS = 500
THREADS = 4


@pytest.fixture
def environment(
    mariadb_url: str, redis_url: str, ses_environment: tuple[SesServer, dict[str, str]]
) -> Iterator[dict[str, str]]:
    server, credentials = ses_environment
    server.mails.clear()
    yield credentials | {
        "POSTROOM_DATABASE_URL": mariadb_url,
        "POSTROOM_REDIS_URL": redis_url,
        "POSTROOM_WORKER_THREADS": str(THREADS),
        # Short, so that the test need not wait for minutes; the rules are the same.
        "POSTROOM_MAIL_TIMEOUT_SECONDS": "2",
        "POSTROOM_LEASE_SECONDS": "9",
        "POSTROOM_UNKNOWN_WAIT_SECONDS": "2",
        "POSTROOM_HINT_AGE_SECONDS": "5",
    }
    server.latency_seconds = 0.0


def subjects(server: SesServer) -> Counter[str]:
    return Counter(
        next(line for line in mail.raw.split(b"\r\n") if line.startswith(b"Subject: ")).decode()
        for mail in server.mails
    )


def wait_for_all(server: SesServer, stack: Stack) -> Counter[str]:
    try:
        wait_until(lambda: len(subjects(server)) == MAILS, seconds=120, what=f"all {MAILS} mails")
    except TimeoutError as problem:
        raise AssertionError(f"{problem}: {len(subjects(server))} came\n{stack.tail()}") from None
    return subjects(server)


@pytest.mark.parametrize("victim", SERVICES)
def test_a_killed_process_loses_nothing(
    environment: dict[str, str], ses_environment: tuple[SesServer, dict[str, str]], victim: str
) -> None:
    server, _ = ses_environment
    server.latency_seconds = 0.02
    with Stack(environment) as stack:
        load = Load(stack.urls, stack.new_key("one"), singles(MAILS))
        load.start()
        kills = 0
        for share in (0.2, 0.5, 0.8):
            wait_until(lambda share=share: len(server.mails) >= MAILS * share, seconds=120, what="mails to arrive")  # type: ignore[misc]  # bound per share
            stack.kill(victim)
            kills += 1
            stack.start(victim)
        stack.wait_ready([victim])
        load.join()
        came = wait_for_all(server, stack)
    assert len(load.accepted) == MAILS
    twice = sum(count - 1 for count in came.values())
    print(f"killed {victim} {kills} times: {MAILS} mails arrived, {twice} of them twice")  # noqa: T201 - the figure
    assert twice <= THREADS * kills
