"""Events go to stdout, one per line; what becomes of them is the platform's work."""

import http.client
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from postroom_conformance.answers import post
from postroom_conformance.catalogue import find_strange_lines
from postroom_conformance.claims import proves, violates
from postroom_conformance.fixtures import Evidence
from postroom_conformance.secrets_shown import find_shown
from postroom_conformance.substitute import only_worker
from postroom_conformance.trail import STEPS, find_breaks
from postroom_conformance.written import find_open, find_written
from postroom_images_testing.container import Container
from postroom_images_testing.one_off import PYTHON, run
from postroom_images_testing.stack import SERVICES, Stack
from postroom_testing.server import wait_until
from postroom_testing.webhook_receiver import WebhookReceiver

BACKING_SERVICES = ("mariadb", "redis")
AWAY = http.HTTPStatus.SERVICE_UNAVAILABLE


@dataclass(frozen=True)
class Followed:
    """An email that a webhook was told of."""

    request_id: str
    email_id: str


@pytest.fixture(scope="module")
def receiver(stack: Stack) -> Iterator[WebhookReceiver]:
    with WebhookReceiver(stack.gateway) as running:
        yield running


@pytest.fixture(scope="module")
def private() -> dict[str, str]:
    """What mail, and whoever sends it, would not like to read in a log."""
    return {
        what: f"planted-{secrets.token_hex(6)}"
        for what in ("address", "sender", "subject", "text", "html", "file name")
    } | {"wrong key": f"re_{secrets.token_hex(16)}"}


@pytest.fixture(scope="module")
def webhook(stack: Stack, receiver: WebhookReceiver, private: dict[str, str]) -> None:
    answer = post(stack, "/webhooks", {"endpoint": receiver.url("/told"), "events": ["email.sent"]})
    assert answer.status == http.HTTPStatus.CREATED, answer.body
    private["secret of the webhook"] = answer.json()["signing_secret"]


def follow(stack: Stack, receiver: WebhookReceiver, private: Mapping[str, str]) -> Followed:
    """Send a mail, and wait until its webhook was told and the worker has said so."""
    mail = {
        "from": f"{private['sender']}@example.com",
        "to": f"{private['address']}@example.com",
        "subject": private["subject"],
        "text": private["text"],
        "html": private["html"],
        "attachments": [{"filename": private["file name"], "content": "cGxhbnRlZA=="}],
    }
    answer = post(stack, "/emails", mail)
    assert answer.status == http.HTTPStatus.OK, answer.body
    email_id = answer.json()["id"]
    stack.wait_until(
        lambda: any(json.loads(one.body)["data"]["email_id"] == email_id for one in receiver.of("/told")),
        "the webhook to be told",
    )
    return Followed(answer.headers["x-request-id"], email_id)


def read_events(stack: Stack) -> dict[str, list[dict[str, Any]]]:
    return {service: stack.containers[service].events() for service in SERVICES}


def wait_for_line(stack: Stack, email_id: str) -> None:
    def told() -> bool:
        return any(
            one["event"] == "webhook.posted" and one.get("email_id") == email_id
            for one in stack.containers["worker"].events()
        )

    stack.wait_until(told, "the worker to tell of the webhook")


@proves(
    "The request id that a client is answered stands on every line that its email causes, in the api and in the worker,"
    " up to the line that names the delivery which its webhook received."
)
def test_one_id_leads_from_the_answer_to_the_webhook(
    stack: Stack, receiver: WebhookReceiver, webhook: None, private: dict[str, str], evidence: Evidence
) -> None:
    followed = follow(stack, receiver, private)
    wait_for_line(stack, followed.email_id)

    events = read_events(stack)
    received = [one.id for one in receiver.of("/told")]
    found = find_breaks(followed.request_id, followed.email_id, events, received)
    steps = ", ".join(f"{service}: {event}" for service, event in STEPS)
    evidence(f"x-request-id: {followed.request_id}; {steps}; svix-id: {received[-1]}; breaks: {found or 'none'}")
    assert found == []


OWN_REQUEST_IDS = """
import uuid
from loguru import logger
kept = logger.contextualize
def renew(**context):
    return kept(**context | ({"request_id": uuid.uuid4().hex} if "request_id" in context else {}))
logger.contextualize = renew
from postroom_worker.main import main
main()
"""


@pytest.fixture
def forgetful_worker(stack: Stack, names: dict[str, str]) -> Iterator[Container]:
    """The only worker, for a while."""
    with only_worker(stack, names["worker"], OWN_REQUEST_IDS) as container:
        yield container


@violates(test_one_id_leads_from_the_answer_to_the_webhook, "a worker that makes request ids of its own")
def test_a_worker_with_ids_of_its_own_is_found(
    stack: Stack, forgetful_worker: Container, receiver: WebhookReceiver, webhook: None, private: dict[str, str]
) -> None:
    followed = follow(stack, receiver, private)
    wait_until(
        lambda: forgetful_worker.has_told("webhook.posted"), seconds=60, what="the worker to tell of the webhook"
    )
    events = {"api": stack.containers["api"].events(), "worker": forgetful_worker.events()}
    received = [one.id for one in receiver.of("/told")]
    assert find_breaks(followed.request_id, followed.email_id, events, received) == [
        "worker: email.sent has another request id"
    ]


@pytest.fixture(scope="module")
def told_meanwhile(stack: Stack) -> dict[str, list[str]]:
    """The lines of each service while neither MySQL nor Redis answers."""
    before = {service: len(stack.containers[service].output()[0].splitlines()) for service in SERVICES}
    with ExitStack() as exit_stack:
        for name in BACKING_SERVICES:
            stack.containers[name].pause()
            exit_stack.callback(stack.containers[name].resume)
        for service in SERVICES:
            stack.wait_ready(service, AWAY)
        refused = post(stack, "/emails", {"from": "a@example.com", "to": "b@example.com", "subject": "s", "text": "t"})
        assert refused.status == AWAY
        for service in SERVICES:
            stack.wait_until(lambda: missed(stack, service) == {"database", "redis"}, f"{service} to miss both")  # noqa: B023 - waited for at once
        lines = {service: stack.containers[service].output()[0].splitlines() for service in SERVICES}
    for service in SERVICES:
        stack.wait_ready(service)
    return {service: lines[service][before[service] :] for service in SERVICES}


def missed(stack: Stack, service: str) -> set[str]:
    """The backing services whose absence a service told last."""
    last = {}
    for event in stack.containers[service].events():
        if event["event"] in {"service.went_down", "service.came_up"}:
            last[event["backing_service"]] = event["event"]
    return {name for name, event in last.items() if event == "service.went_down"}


def find_silence(lines: Mapping[str, Sequence[str]]) -> list[str]:
    """Services that wrote nothing, or something that is no event."""
    silent = [f"the {service} is silent" for service, written in lines.items() if not written]
    return silent + [fault for service, written in lines.items() for fault in find_strange_lines(written, service)]


@proves("Logging goes on, with the same fields, while neither MySQL nor Redis answers.")
def test_lines_come_while_backing_services_are_paused(told_meanwhile: dict[str, list[str]], evidence: Evidence) -> None:
    for service, lines in told_meanwhile.items():
        evidence(f"{service}: {len(lines)} lines meanwhile: {sorted({json.loads(line)['event'] for line in lines})}")
    assert find_silence(told_meanwhile) == []


LOGS_INTO_REDIS = """
import os, redis
from loguru import logger
logger.remove()
client = redis.from_url(os.environ["POSTROOM_REDIS_URL"], socket_timeout=2)
logger.add(lambda line: client.rpush("log", line) and print(line, end="", flush=True), catch=False)
try:
    logger.warning("service.went_down")
except redis.RedisError:
    pass
"""


@violates(
    test_lines_come_while_backing_services_are_paused, "a process whose lines go through Redis on their way to stdout"
)
def test_a_log_that_needs_redis_is_found(stack: Stack) -> None:
    redis = stack.containers["redis"]
    redis.pause()
    try:
        _, stdout, _ = stack.run("worker", "-c", LOGS_INTO_REDIS, variables=stack.variables, entry_point=PYTHON)
    finally:
        redis.resume()
    assert find_silence({"worker": stdout.splitlines()}) == ["the worker is silent"]


@proves(
    "Every line that the three containers write to stdout is an event of the catalogue, with the required fields first"
    " and in order; nothing goes to stderr."
)
def test_every_line_is_an_event(stack: Stack, told_meanwhile: dict[str, list[str]], evidence: Evidence) -> None:
    faults = []
    for service in SERVICES:
        stdout, stderr = stack.containers[service].output()
        lines = stdout.splitlines()
        events = {json.loads(line)["event"] for line in lines}
        evidence(f"{service}: {len(lines)} lines of {len(events)} events, {len(stderr)} characters on stderr")
        faults += find_strange_lines(lines, service)
        faults += [f"{service}, stderr: {line}" for line in stderr.splitlines()]
    assert faults == []


STRANGE = """
from loguru import logger
from postroom_logging.setup import configure, flush
print("ready to send", flush=True)
configure(service="worker", release="r1", level="info", format="json", buffer_lines=100)
logger.info("email.invented")
logger.info("email.sent", color="red")
logger.info("service.started", threads=1, transport="ses")
flush(2.0)
"""


@violates(test_every_line_is_an_event, "a `print`, an event that no catalogue has, and a field that its event has not")
def test_a_line_that_is_no_event_is_found(names: dict[str, str]) -> None:
    lines = run(names["worker"], "-c", STRANGE, entry_point=PYTHON)[1].splitlines()
    found = find_strange_lines(lines, "worker")
    wanted = ["no JSON: ready to send", "no event of the worker: email.invented: ", "email.sent has no color: "]
    assert [words for words, fault in zip(wanted, found, strict=True) if words not in fault] == []


@proves("No address, subject, body, name of a file or key reaches a line of any of the three.")
def test_no_line_tells_who_or_what(
    stack: Stack,
    receiver: WebhookReceiver,
    webhook: None,
    private: dict[str, str],
    evidence: Evidence,
) -> None:
    refused = post(stack, "/emails", {"from": private["sender"], "to": [], "subject": private["subject"]})
    unknown = post(stack, "/emails", {"from": f"{private['sender']}@example.com"}, private["wrong key"])
    wait_for_line(stack, follow(stack, receiver, private).email_id)

    lines = {service: stack.containers[service].output()[0] for service in SERVICES}
    found = find_shown(lines, private | {"key": stack.key})
    evidence(f"planted: {', '.join(private)}, key; shown by a line: {found or 'none'}")
    assert found == []
    assert (refused.status, unknown.status) == (http.HTTPStatus.UNPROCESSABLE_ENTITY, http.HTTPStatus.FORBIDDEN)


@violates(test_no_line_tells_who_or_what, "an event with an address in a field that names none")
def test_a_line_with_an_address_is_found(names: dict[str, str], private: dict[str, str]) -> None:
    line = json.dumps({"event": "email.sent", "reason": f"{private['address']}@example.com is unknown"})
    stdout = run(names["worker"], "-c", f"print({line!r})", entry_point=PYTHON)[1]
    assert find_shown({"worker": stdout}, private) == ["worker shows address"]


def find_files(container: Container) -> list[str]:
    return find_written(container) + find_open(container)


@proves("No service opens a file for writing: not in its file system, which is read-only, and not in shared memory.")
def test_no_file_is_written(stack: Stack, evidence: Evidence) -> None:
    found = {service: find_files(stack.containers[service]) for service in SERVICES}
    evidence(f"files written or open for writing: {found}")
    assert found == {service: [] for service in SERVICES}


@violates(test_no_file_is_written, "a process that logs into a file, one in shared memory, and one that it has closed")
def test_a_file_for_writing_is_found(names: dict[str, str]) -> None:
    program = (
        "import time\n"
        "open('/tmp/closed', 'w').close()\n"
        "kept = [open(path, 'w') for path in ('/tmp/log', '/dev/shm/log')]\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)"
    )
    with Container(names["worker"], "-c", program, options=[f"--entrypoint={PYTHON}"]) as container:
        wait_until(lambda: container.output()[0] == "ready\n", seconds=20, what="its files")
        found = find_files(container)
    assert {
        "A /tmp/closed",
        "/tmp/log is open for writing",  # noqa: S108 - likewise
        "/dev/shm/log is open for writing",  # noqa: S108 - likewise
        "/dev/shm/log is in memory",  # noqa: S108 - likewise
    } <= set(found)
