"""`events list`, `retry` and `redrive`."""

import json
import re
import signal
import threading
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from postroom_database.engine import Database
from postroom_database.models import ProviderMessage
from postroom_database.repositories import provider_messages
from postroom_database.types import AnyRow
from postroom_domain.provider_messages import MessageResult
from postroom_testing import ses_events
from postroom_testing.ses_messages import AcceptedMail
from postroom_testing.sns import CERTIFICATE_PATH, SnsServer, encode
from postroom_testing.sqs import SqsServer

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
FOREIGN_ARN = "arn:aws:sns:eu-west-1:210987654321:postroom-events"
EMAIL_ID = "0192f0c4-7a3e-7cc1-9f3e-0a1b2c3d4e5f"


def event() -> str:
    tags = {"postroom_email_id": EMAIL_ID}
    return ses_events.send(AcceptedMail("m-1", "from@example.com", ("to@example.com",), b"", tags, "postroom"))


def leave(database: Database, result: MessageResult, body: str | None = None) -> UUID:
    """A message that a worker could do nothing with."""
    with database.begin() as connection:
        job_id = provider_messages.keep(connection, str(uuid4()), body or event(), request_id="r", hinted=False)
        assert job_id is not None
        [claimed] = provider_messages.claim(connection, [job_id], lease_seconds=60)
        provider_messages.finish(connection, claimed, result)
    return job_id


def rows(database: Database) -> dict[str, AnyRow]:
    with database.read() as connection:
        return {row.id: row for row in connection.execute(select(ProviderMessage.__table__))}


def results(database: Database) -> dict[UUID, str | None]:
    return {row.job_id: row.result for row in rows(database).values()}


def test_kept_events_are_listed_oldest_first(admin: Any, database: Database) -> None:
    empty = admin("events", "list")
    assert (empty.exit_code, empty.stdout, empty.stderr) == (0, "", "No event is kept.\n")
    leave(database, MessageResult.ACCOUNTED)
    first, second = leave(database, MessageResult.UNMATCHED), leave(database, MessageResult.UNREADABLE, "{")
    lines = admin("events", "list").stdout.splitlines()
    assert re.fullmatch(rf"{first}  {MOMENT}  unmatched   send               {EMAIL_ID}", lines[0])
    assert re.fullmatch(rf"{second}  {MOMENT}  unreadable  other", lines[1])
    assert admin("events", "list", "--result", "unreadable").stdout.splitlines() == lines[1:]
    told = [json.loads(line) for line in admin("events", "list", "--json").stdout.splitlines()]
    assert [(one["id"], one["result"], one["type"], one["email_id"]) for one in told] == [
        (str(first), "unmatched", "send", EMAIL_ID),
        (str(second), "unreadable", "other", None),
    ]
    assert told[1]["published"] == "{"


def test_kept_events_are_retried(admin: Any, database: Database) -> None:
    done = leave(database, MessageResult.ACCOUNTED)
    first, second, third = (leave(database, MessageResult.UNMATCHED) for _ in range(3))
    unreadable = leave(database, MessageResult.UNREADABLE)
    retried = admin("events", "retry", str(first), str(done))
    assert (retried.exit_code, retried.stdout) == (1, "To be worked on again: 1.\n")
    assert retried.stderr == f"{done} is not kept: left as it is.\n"
    assert admin("events", "retry", "--all", "--result", "unmatched").stdout == "To be worked on again: 2.\n"
    assert results(database) == {
        done: "accounted",
        first: None,
        second: None,
        third: None,
        unreadable: "unreadable",
    }


@pytest.mark.parametrize("arguments", [[], ["--all", EMAIL_ID], ["--result", "unmatched", EMAIL_ID], ["no-id"]])
def test_it_must_be_said_what_is_retried(admin: Any, arguments: list[str]) -> None:
    assert admin("events", "retry", *arguments).exit_code == 2


@dataclass
class Queue:
    """A dead-letter queue of a subscription, and the command over it."""

    admin: Any
    sns: SnsServer
    sqs: SqsServer

    def put(self, message: dict[str, str] | None = None) -> str:
        """Put in what SNS would have posted; SQS's id."""
        return self.sqs.put(encode(message or self.sns.notification(event())).decode())

    def redrive(self, *arguments: str) -> Any:
        self.sqs.show_all()
        return self.admin("events", "redrive", "--queue-url", self.sqs.url, *arguments)


@pytest.fixture
def queue(admin: Any, sns: SnsServer, sqs: SqsServer) -> Queue:
    ours = {name: value for name, value in sns.environment().items() if name.startswith("POSTROOM_")}
    admin.environment |= ours
    return Queue(admin, sns, sqs)


def test_what_is_in_the_queue_is_kept_as_if_it_had_been_posted(queue: Queue, database: Database) -> None:
    messages = [queue.sns.notification(event(), version=version) for version in "12" * 15]
    old = queue.sns.notification(event(), Timestamp="2012-05-02T00:54:06.655Z")
    for message in (*messages, old):
        queue.put(message)
    done = queue.redrive()
    assert (done.exit_code, done.stdout) == (0, "Taken: 31 (0 of them known before). Left in the queue: 0.\n")
    found = rows(database)
    assert found.keys() == {message["MessageId"] for message in (*messages, old)}
    assert {(row.body == event(), row.hinted_at, row.result) for row in found.values()} <= {(False, None, None)}
    assert all(json.loads(row.body)["eventType"] == "Send" for row in found.values())
    assert all(row.due_at and row.request_id for row in found.values())
    assert queue.sqs.left() == []
    assert queue.sns.requests == [CERTIFICATE_PATH]


def test_what_was_taken_before_changes_nothing_and_leaves_the_queue(queue: Queue, database: Database) -> None:
    message = queue.sns.notification(event())
    queue.put(message)
    assert queue.redrive().exit_code == 0
    before = rows(database)
    queue.put(message)
    again = queue.redrive()
    assert (again.exit_code, again.stdout) == (0, "Taken: 1 (1 of them known before). Left in the queue: 0.\n")
    assert (rows(database), queue.sqs.left()) == (before, [])


def test_what_is_not_proven_stays_and_is_told(queue: Queue, database: Database) -> None:
    good = queue.sns.notification(event())
    altered = queue.put(good | {"Message": event() + " "})
    foreign = queue.put(queue.sns.notification(event(), TopicArn=FOREIGN_ARN))
    elsewhere = queue.put(good | {"SigningCertURL": f"https://evil.example{CERTIFICATE_PATH}"})
    raw = queue.sqs.put(event())
    confirmation = queue.put(queue.sns.confirmation())
    taken = queue.put(queue.sns.notification(event()))
    done = queue.redrive()
    assert (done.exit_code, done.stdout) == (1, "Taken: 1 (0 of them known before). Left in the queue: 5.\n")
    left = [altered, foreign, elsewhere, raw, confirmation]
    assert queue.sqs.left() == left
    assert taken not in left
    told = dict(line.split(" ", 1) for line in done.stderr.splitlines())
    assert list(told) == left
    for letter, word in zip(left, ["signature", "POSTROOM_SES_TOPICS", "SigningCertURL", "raw", "Subscr"], strict=True):
        assert word in told[letter]
    assert (len(rows(database)), queue.sns.requests, queue.sns.confirmed) == (1, [CERTIFICATE_PATH], [])


def test_it_takes_no_more_than_it_was_told(queue: Queue, database: Database) -> None:
    for _ in range(15):
        queue.put()
    assert queue.redrive("--limit", "12").stdout.startswith("Taken: 12 ")
    assert (len(rows(database)), len(queue.sqs.left())) == (12, 3)
    assert queue.sqs.received == 12


def test_nothing_is_deleted_before_it_is_committed(queue: Queue, database: Database) -> None:
    seen: list[int] = []
    queue.sqs.before_delete = lambda: seen.append(len(rows(database)))
    for _ in range(15):
        queue.put()
    assert queue.redrive().exit_code == 0
    assert seen == [10, 15]


def test_ctrl_c_leaves_nothing_half_done(queue: Queue, database: Database) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        reached.set()
        go_on.wait(20)

    queue.sqs.before_delete = wait
    for _ in range(30):
        queue.put()
    process = queue.admin.start("events", "redrive", "--queue-url", queue.sqs.url)
    assert reached.wait(60)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    go_on.set()
    assert (process.returncode, "Stopped." in errors, "Traceback" in errors) == (130, True, False)
    assert out.startswith("Taken: ")
    queue.sqs.before_delete = lambda: None
    assert queue.redrive().exit_code == 0
    assert (len(rows(database)), queue.sqs.left()) == (30, [])


@pytest.mark.parametrize("fault", ["QueueDoesNotExist", "AccessDeniedException", "KmsDisabled"])
def test_a_queue_that_cannot_be_used_is_said_in_a_line(queue: Queue, fault: str) -> None:
    queue.sqs.fault = fault
    done = queue.redrive()
    assert (done.exit_code, done.stderr.count("\n"), fault in done.stderr) == (69, 1, True)


def test_a_profile_that_is_not_there_is_said_in_a_line(queue: Queue) -> None:
    queue.admin.environment["AWS_PROFILE"] = "not-there"
    done = queue.redrive()
    assert (done.exit_code, done.stderr.count("\n"), "not-there" in done.stderr) == (69, 1, True)


def test_without_the_certificate_nothing_is_taken(queue: Queue, database: Database) -> None:
    queue.sns.status = 503
    queue.put()
    done = queue.redrive()
    assert (done.exit_code, "certificate" in done.stderr) == (69, True)
    assert (rows(database), len(queue.sqs.left())) == ({}, 1)


def test_without_topics_nothing_can_be_proven(admin: Any, sqs: SqsServer) -> None:
    done = admin("events", "redrive", "--queue-url", sqs.url)
    assert (done.exit_code, done.stderr.count("\n"), "POSTROOM_SES_TOPICS" in done.stderr) == (78, 1, True)


@pytest.mark.parametrize(
    "url",
    [
        "postroom-events",
        "arn:aws:sqs:eu-west-1:123456789012:dead",
        "https://sqs.example",
        "https://[::1/1/dead",
        "https://sqs.example:port/1/dead",
        "https://sqs.example:99999/1/dead",
        "https://sqs example/1/dead",
    ],
)
def test_what_is_no_queue_is_refused(queue: Queue, url: str) -> None:
    done = queue.admin("events", "redrive", "--queue-url", url)
    assert (done.exit_code, "--queue-url" in done.stderr) == (2, True)
