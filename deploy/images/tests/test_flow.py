"""Mail on its way through the three images, locked down, and what they write meanwhile."""

import base64

import pytest

from postroom_images_testing.container import LOCKED, Container
from postroom_images_testing.engine import EngineError
from postroom_images_testing.stack import SERVICES, Stack

REPORT = bytes(range(256)) * 20_000


def test_mail_goes_through_all_three(stack: Stack) -> None:
    plain = {"from": "from@example.com", "to": "to@example.com", "subject": "plain", "text": "It is on its way."}
    # Whoever would put it into a temporary file cannot.
    report = {"filename": "report.bin", "content": base64.b64encode(REPORT).decode()}
    wanted = {
        stack.post(plain),
        stack.post(plain | {"attachments": [report]}),
        # The scheduler's part: what is due later.
        stack.post(plain | {"scheduled_at": "in 2 seconds"}),
    }

    stack.wait_until(lambda: wanted <= set(stack.arrived()), "all mails")

    assert sorted(email_id for email_id in stack.arrived() if email_id in wanted) == sorted(wanted)
    assert any(base64.encodebytes(REPORT)[:60] in mail.raw for mail in stack.ses.mails)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_writes_events_to_stdout_and_nothing_else(stack: Stack, service: str) -> None:
    events = stack.containers[service].events()

    assert events[0]["service"] == service
    assert "service.started" in {event["event"] for event in events}
    assert [event for event in events if event["level"] in {"error", "critical"}] == []
    assert stack.containers[service].output()[1] == ""


def test_the_admin_is_a_second_entry_point_of_the_worker(stack: Stack) -> None:
    assert "Postroom's admin processes" in stack.admin("--help")
    assert stack.admin("--version").startswith("postroom ")
    code, found, _ = stack.run("worker", "doctor", entry_point="/app/admin", variables=stack.variables)
    assert code == 1  # SES answers, and the api takes none of its events here
    told = [line.split()[:2] for line in found.splitlines()]
    assert told[:3] == [["ok", "database"], ["ok", "redis"], ["warn", "mail"]]


def test_a_container_that_is_locked_down_has_no_shell(names: dict[str, str]) -> None:
    with pytest.raises(EngineError, match="/bin/sh"):
        Container(names["api"], "-c", "true", options=[*LOCKED, "--entrypoint=/bin/sh"])
