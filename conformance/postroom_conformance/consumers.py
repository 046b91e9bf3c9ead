"""Whether somebody works at what the scheduler hints."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker

from postroom_domain.ids import new_id
from postroom_images_testing.one_off import PYTHON
from postroom_images_testing.stack import Stack
from postroom_jobs.broker import open_broker

# The table as the image holds it. It is only read: what its jobs would work with is not there.
_READ_TABLE = """
import json
from postroom_database.forgetting import RetentionRules
from postroom_scheduler.jobs import jobs
retention = RetentionRules(bodies_days=1, emails_days=1, audit_days=1)
table = jobs(None, None, None, None, retention, sweep_seconds=1, hint_age_seconds=1, verified_only=True)
print(json.dumps([[job.name, hint.actor, hint.queue] for job in table for hint in job.hints]))
"""
_REDIS_SECONDS = 5.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Hinted:
    """A job of the scheduler's table, and one actor that it hints in a queue."""

    job: str
    actor: str
    queue: str


def read_table(stack: Stack) -> list[Hinted]:
    """All that the scheduler's image hints."""
    code, stdout, stderr = stack.run("scheduler", "-c", _READ_TABLE, variables={}, entry_point=PYTHON)
    if code != 0:
        raise AssertionError(f"the table cannot be read: {stderr}")
    return [Hinted(*row) for row in json.loads(stdout)]


@contextmanager
def opened_broker(stack: Stack) -> Iterator[RedisBroker]:
    """The broker of a stack, as its scheduler has it."""
    broker = open_broker(stack.redis_url(), timeout_seconds=_REDIS_SECONDS)
    with closing(broker.client):
        yield broker


def find_unworked(broker: RedisBroker, table: Sequence[Hinted], *, seconds: float) -> list[str]:
    """Hint each, and see what is not taken and done in that time. What is found is taken away again."""
    given = [(one, _hint(broker, one)) for one in table]
    deadline = time.monotonic() + seconds
    while any(_is_in(broker, one.queue, key) for one, key in given) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    findings = []
    for one, key in given:
        # Where dramatiq puts what it has no actor for.
        aside = f"{one.queue}.XQ"
        if _is_in(broker, one.queue, key):
            findings.append(f"{one.job}: nobody consumes {one.queue}")
            broker.flush(one.queue)
        elif _is_in(broker, aside, key):
            findings.append(f"{one.job}: {one.actor} is no actor of the worker")
            broker.client.delete(f"postroom:{aside}", f"postroom:{aside}.msgs")
    return findings


def _hint(broker: RedisBroker, hinted: Hinted) -> str:
    """Give a hint of something that is not there; its key in Redis."""
    args = ([str(new_id())],)
    message: Message[Any] = Message(queue_name=hinted.queue, actor_name=hinted.actor, args=args, kwargs={}, options={})
    return str(broker.enqueue(message).options["redis_message_id"])


def _is_in(broker: RedisBroker, queue: str, key: str) -> bool:
    """Whether it waits there, or is fetched and not acknowledged. What a killed worker had fetched is in there, too."""
    return bool(broker.client.hexists(f"postroom:{queue}.msgs", key))
