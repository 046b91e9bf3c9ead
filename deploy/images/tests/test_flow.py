"""What the three images write, locked down, and what else can be run in them."""

import pytest

from postroom_images_testing.container import LOCKED, Container
from postroom_images_testing.engine import EngineError
from postroom_images_testing.one_off import ADMIN
from postroom_images_testing.stack import SERVICES, Stack


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
    code, found, _ = stack.run("worker", "doctor", entry_point=ADMIN, variables=stack.variables)
    assert code == 1  # SES answers, and the api takes none of its events here
    told = [line.split()[:2] for line in found.splitlines()]
    assert told[:3] == [["ok", "database"], ["ok", "redis"], ["warn", "mail"]]


def test_a_container_that_is_locked_down_has_no_shell(names: dict[str, str]) -> None:
    with pytest.raises(EngineError, match="/bin/sh"):
        Container(names["api"], "-c", "true", options=[*LOCKED, "--entrypoint=/bin/sh"])
