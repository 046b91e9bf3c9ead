"""What a process keeps to itself: nothing on its disk, nothing in its memory that another would miss."""

import base64
from collections.abc import Iterator

import pytest

from postroom_conformance.claims import proves, violates
from postroom_conformance.fixtures import Evidence
from postroom_conformance.forgetful import forgetful_api
from postroom_conformance.kills import Kills
from postroom_conformance.ledger import find_doubled, find_lost
from postroom_conformance.replicas import Client, find_sticky
from postroom_conformance.written import WRITABLE, find_written
from postroom_images_testing.container import Container
from postroom_images_testing.stack import SERVICES, Stack

REPORT = bytes(range(256)) * 20_000
MAIL = {"from": "from@example.com", "to": "to@example.com", "subject": "report", "text": "It is attached."}
KEY = "any"


@pytest.fixture(scope="module")
def replicas(stack: Stack) -> Iterator[dict[str, Container]]:
    """A second process of each service, which could write to its disk."""
    names = {service: f"{service}-2" for service in SERVICES}
    try:
        found = {service: stack.start(name, options=WRITABLE) for service, name in names.items()}
        for name in names.values():
            stack.wait_ready(name)
        yield found
    finally:
        for name in names.values():
            stack.remove(name)


@pytest.fixture
def forgetful(stack: Stack, names: dict[str, str]) -> Iterator[Container]:
    with forgetful_api(names["api"], stack.network) as container:
        yield container


@proves(
    "Email with a large attachment passes through processes whose file system is read-only; where it is not, no process"
    " writes to it all the same."
)
def test_nothing_is_written_to_a_disk(stack: Stack, replicas: dict[str, Container], evidence: Evidence) -> None:
    # Whoever would put it into a temporary file cannot, or is seen.
    attached = MAIL | {"attachments": [{"filename": "report.bin", "content": base64.b64encode(REPORT).decode()}]}
    stack.containers["worker"].pause()
    try:
        seen = Client(replicas["api"], stack.key).ask("POST", "/emails", attached)["id"]
        stack.wait_until(lambda: replicas["worker"].has_told("email.sent"), "the worker that could write")
    finally:
        stack.containers["worker"].resume()
    later = stack.post(attached | {"attachments": [], "scheduled_at": "in 1 second"})
    replicas["worker"].pause()
    try:
        ids = [seen, later, stack.post(attached)]
        stack.wait_until(lambda: not find_lost(ids, stack.arrived()), "all emails")
    finally:
        replicas["worker"].resume()
    found = {service: find_written(container) for service, container in replicas.items()}

    evidence(f"an attachment of {len(REPORT) / 1e6:.1f} MB arrived, from read-only processes and from others")
    evidence(f"docker diff: {found}")
    assert sum(base64.encodebytes(REPORT)[:60] in mail.raw for mail in stack.ses.mails) == 2
    assert found == {service: [] for service in SERVICES}


@violates(test_nothing_is_written_to_a_disk, "an api that writes what it takes to /tmp")
def test_a_file_that_is_written_is_found(forgetful: Container) -> None:
    email_id = Client(forgetful, KEY).ask("POST", "/emails", MAIL)["id"]

    assert f"A /tmp/{email_id}" in find_written(forgetful)


@proves(
    "Requests of one client may go to two api processes in turns: either reads, cancels and lists what the other took,"
    " knows its idempotency keys, and goes on from its cursor."
)
def test_no_process_keeps_what_another_needs(stack: Stack, replicas: dict[str, Container], evidence: Evidence) -> None:
    found = [*find_sticky(stack.containers["api"], replicas["api"], stack.key)]
    found += find_sticky(replicas["api"], stack.containers["api"], stack.key)

    evidence(f"posted at one, read, repeated, canceled and listed at the other, and the other way round: {found}")
    assert found == []


@violates(test_no_process_keeps_what_another_needs, "an api that keeps emails, keys and cursors in its memory")
def test_state_in_a_process_is_found(stack: Stack, names: dict[str, str], forgetful: Container) -> None:
    with forgetful_api(names["api"], stack.network) as other:
        assert find_sticky(forgetful, other, KEY) == [
            "an email that one took is unknown to the other",
            "a request that is repeated at the other is another email",
            "what is canceled at one goes on at the other",
            "a cursor of one leads nowhere at the other",
        ]


@proves(
    "Processes of every kind are killed under load, again and again: each email that a client was told of arrives, and"
    " no more of them twice than were being sent when their worker was killed."
)
def test_killed_anywhere_a_process_loses_nothing(kills: Kills, evidence: Evidence) -> None:
    lost, doubled = find_lost(kills.accepted, kills.arrived), find_doubled(kills.accepted, kills.arrived)

    evidence(", ".join(f"{service} killed {count} times" for service, count in sorted(kills.counted.items())))
    evidence(f"{len(kills.accepted)} emails accepted, {len(lost)} lost, {len(doubled)} arrived twice")
    assert lost == []
    assert len(doubled) <= kills.most_doubled


@violates(test_killed_anywhere_a_process_loses_nothing, "an api that answers before it has kept the email anywhere")
def test_an_email_that_never_arrives_is_found(forgetful: Container) -> None:
    accepted = [Client(forgetful, KEY).ask("POST", "/emails", MAIL)["id"] for _ in range(3)]
    forgetful.signal("KILL")
    forgetful.wait()

    # It prints what it sends, when the time has come.
    assert find_lost(accepted, forgetful.output()[0].splitlines()) == sorted(accepted)
