"""Processes of every kind are killed while clients send, in turns; what became of the mail.

One run is the evidence of several claims: it takes as long as leases last.
"""

import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from postroom_acceptance.load import Load, singles
from postroom_conformance.addresses import Addresses
from postroom_conformance.ledger import find_lost
from postroom_database.engine import Database
from postroom_database.models import Email
from postroom_images_testing.stack import SERVICES, Stack
from postroom_testing.ses_messages import Behaviour

THREADS = 4
_ROUNDS = 2
_PER_SECOND = 20.0
_MOST_SECONDS = 400
"""The load ends when all kills are done; this is much later."""
_FIRST = 1_000_000
"""Numbers of mails make idempotency keys: no other load of the session has these."""
_BETWEEN_KILLS = 20
_LEASE_SECONDS = 9
_IMPATIENT = {
    "POSTROOM_WORKER_THREADS": str(THREADS),
    # Short, so that nobody need wait for minutes; the rules are the same.
    "POSTROOM_MAIL_TIMEOUT_SECONDS": "2",
    "POSTROOM_LEASE_SECONDS": str(_LEASE_SECONDS),
    "POSTROOM_UNKNOWN_WAIT_SECONDS": "2",
}
_MAIL = {"from": "from@example.com", "to": "to@example.com", "subject": "hangs", "text": "text"}


@dataclass(frozen=True, slots=True)
class Kills:
    """What was seen.

    Attributes:
        counted: how often each service was killed.
        accepted: ids of the emails that clients were told of.
        arrived: ids of what SES took, one for each time.
        caught: those whose call to SES had begun, and not ended, when the worker was killed.
        left: those of them that had not arrived when their leases were over and no scheduler ran.
        late_seconds: from the worker's end to the last of them.
    """

    counted: Counter[str]
    accepted: list[str]
    arrived: list[str]
    caught: list[str]
    left: list[str]
    late_seconds: float

    @property
    def most_doubled(self) -> int:
        """A call that was under way when its worker was killed may have been heard: it is made again."""
        return THREADS * self.counted["worker"]


@pytest.fixture(scope="session")
def kills(stack: Stack) -> Kills:
    # Others that other tests may have left would work here as well, and more patiently.
    for name in ("worker-2", "scheduler-2"):
        stack.remove(name)
    stack.start("api-2")
    stack.start("worker", variables=_IMPATIENT)
    try:
        for name in ("api-2", "worker"):
            stack.wait_ready(name)
        stack.ses.latency_seconds = 0.02  # so that calls are under way whenever a worker is killed
        seen = _kill_under_load(stack)
    finally:
        stack.ses.always(Behaviour.ACCEPT)
        stack.ses.latency_seconds = 0.0
        stack.remove("api-2")
        # The last line of one that was killed may be half a line: nobody else is to read it.
        for service in SERVICES:
            stack.start(service)
        for service in SERVICES:
            stack.wait_ready(service)
    return seen


def _kill_under_load(stack: Stack) -> Kills:
    counted: Counter[str] = Counter()
    load = Load(
        Addresses(stack, "api", "api-2"),
        stack.key,
        singles(int(_MOST_SECONDS * _PER_SECOND), first=_FIRST),
        per_second=_PER_SECOND,
    )
    load.start()
    try:
        for _ in range(_ROUNDS):
            for victim in SERVICES:
                _wait_for_more(stack)
                _kill(stack, victim, counted)
                stack.containers[victim].start()
            for victim in SERVICES:
                stack.wait_ready(victim)
        _wait_for_more(stack)
        posted, caught, left, late_seconds = _kill_in_call(stack, load, counted)
    finally:
        load.stop()
        load.join()
    accepted = [*load.accepted.values(), *posted]
    stack.wait_until(lambda: not find_lost(accepted, stack.arrived()), "all mails")
    return Kills(counted, accepted, stack.arrived(), caught, left, late_seconds)


def _kill_in_call(stack: Stack, load: Load, counted: Counter[str]) -> tuple[list[str], list[str], list[str], float]:
    """Kill the worker while SES keeps it waiting, and the scheduler, which would see to what it leaves behind."""
    _kill(stack, "scheduler", counted)
    stack.ses.always(Behaviour.HANG)
    begun = stack.ses.count_sends()
    posted = [stack.post(_MAIL) for _ in range(THREADS)]
    stack.wait_until(lambda: stack.ses.count_sends() >= begun + THREADS, "all threads to hang in a call")
    _kill(stack, "worker", counted)
    killed_at = time.monotonic()
    stack.ses.always(Behaviour.ACCEPT)
    caught = find_lost(_read_sending(stack.database_url()) & {*posted, *load.accepted.values()}, stack.arrived())
    stack.containers["worker"].start()
    time.sleep(_LEASE_SECONDS + 1)
    left = find_lost(caught, stack.arrived())
    stack.containers["scheduler"].start()
    stack.wait_until(lambda: not find_lost(caught, stack.arrived()), "what the worker was at")
    return posted, caught, left, time.monotonic() - killed_at


def _wait_for_more(stack: Stack) -> None:
    enough = len(stack.ses.mails) + _BETWEEN_KILLS
    stack.wait_until(lambda: len(stack.ses.mails) >= enough, "mails to arrive")


def _kill(stack: Stack, name: str, counted: Counter[str]) -> None:
    stack.containers[name].signal("KILL")
    stack.containers[name].wait()
    counted[name] += 1


def _read_sending(database_url: str) -> set[str]:
    with closing(Database(database_url)) as database, database.read() as connection:
        return {str(row[0]) for row in connection.execute(select(Email.id).where(Email.state == "sending"))}
