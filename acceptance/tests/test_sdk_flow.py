import base64
import json
import urllib.request
from typing import Any

from postroom_acceptance.flow import Flow
from postroom_acceptance.running import Running
from postroom_conformance.catalogue import find_strange_lines
from postroom_testing.server import wait_until


def test_the_official_sdk_works_unchanged(running: Running) -> None:
    Flow(running.stack.url, running.key, running.arrivals).run()


def test_a_message_of_39_mb_arrives(running: Running) -> None:
    content = bytes(range(256)) * (28 * 1024 * 1024 // 256)
    body = {
        "from": "from@example.com",
        "to": "to@example.com",
        "subject": "large",
        "text": "see attachment",
        "attachments": [{"filename": "large.bin", "content": base64.b64encode(content).decode()}],
    }
    post(running, body)
    wait_until(
        lambda: any(len(arrival.raw) > 38 * 1024 * 1024 for arrival in running.arrivals()),
        seconds=90,
        what="the large mail",
    )
    [arrival] = [arrival for arrival in running.arrivals() if arrival.subject == "large"]
    assert arrival.files() == {"large.bin": content}


def test_no_line_tells_who_or_what(running: Running) -> None:
    post(running, MAIL | {"to": "planted-address@example.com", "subject": "planted subject", "text": "planted body"})
    wait_until(
        lambda: any("planted-address@example.com" in arrival.recipients for arrival in running.arrivals()),
        seconds=30,
        what="the planted mail",
    )
    for service in ("api", "worker", "scheduler"):
        lines = running.stack.lines(service)
        assert find_strange_lines(lines, service) == []
        assert not [line for line in lines if "planted" in line or running.key in line]


MAIL = {"from": "from@example.com", "to": "to@example.com", "subject": "s", "text": "t"}


def post(running: Running, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(  # noqa: S310 - the stack's own address
        f"{running.stack.url}/emails",
        json.dumps(body).encode(),
        {"authorization": f"Bearer {running.key}", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
        return json.loads(answer.read())
