import http.client
from collections.abc import Iterator
from contextlib import closing, contextmanager
from random import SystemRandom

import pytest

from postroom_conformance.claims import proves, violates
from postroom_conformance.fixtures import Evidence
from postroom_conformance.sockets import find_listening
from postroom_images_testing.container import LOCKED, Container
from postroom_images_testing.one_off import PYTHON
from postroom_images_testing.stack import PORTS, Stack
from postroom_testing.server import wait_until


@pytest.fixture
def port() -> int:
    return SystemRandom().randrange(20_000, 30_000)


@pytest.fixture
def api(stack: Stack, names: dict[str, str], port: int) -> Iterator[Container]:
    with Container(
        names["api"], variables=stack.variables | {"PORT": str(port)}, options=LOCKED, network=stack.network
    ) as container:
        wait_until(lambda: container.ask(port, "/readyz") == http.HTTPStatus.OK, seconds=60, what="the api")
        yield container


@proves("The api answers HTTP on the port that `PORT` names, with no web server in front, and nothing else listens.")
def test_the_api_listens_where_it_is_told_and_nowhere_else(api: Container, port: int, evidence: Evidence) -> None:
    with closing(http.client.HTTPConnection(api.address, port, timeout=10)) as connection:
        connection.request("GET", "/livez")
        answer = connection.getresponse()
        answer.read()

    evidence(f"PORT={port}: HTTP/1.1 {answer.status}; its process listens on {find_listening(api)}")
    assert (answer.version, answer.status) == (11, http.HTTPStatus.OK)
    assert find_listening(api) == [port]


@violates(test_the_api_listens_where_it_is_told_and_nowhere_else, "a process that opens a second port")
def test_a_second_port_is_found(names: dict[str, str], port: int) -> None:
    with listening(names["api"], port, ("0.0.0.0", port), ("0.0.0.0", 9999)) as container:  # noqa: S104 - in no network
        wait_until(lambda: find_listening(container) == sorted([port, 9999]), seconds=20, what="both ports")


@violates(
    test_the_api_listens_where_it_is_told_and_nowhere_else, "a process that has a port of its own, whatever PORT says"
)
def test_a_port_that_cannot_be_set_is_found(names: dict[str, str], port: int) -> None:
    with listening(names["api"], port, ("0.0.0.0", PORTS["api"])) as container:  # noqa: S104 - in no network
        wait_until(lambda: find_listening(container) == [PORTS["api"]], seconds=20, what="its own port")


@proves("The worker and the scheduler, which serve nobody, listen on their health port and nowhere else.")
def test_who_serves_nobody_binds_its_health_port_only(stack: Stack, evidence: Evidence) -> None:
    found = {service: find_listening(stack.containers[service]) for service in ("worker", "scheduler")}

    evidence(f"listening: {found}")
    assert found == {service: [PORTS[service]] for service in found}


@violates(test_who_serves_nobody_binds_its_health_port_only, "a worker that opens a port to be debugged by")
def test_a_debugging_port_is_found(names: dict[str, str], port: int) -> None:
    with listening(names["worker"], port, ("0.0.0.0", PORTS["worker"]), ("127.0.0.1", 5678)) as container:  # noqa: S104 - in no network
        wait_until(lambda: find_listening(container) == [5678, PORTS["worker"]], seconds=20, what="both ports")


@contextmanager
def listening(image: str, port: int, *addresses: tuple[str, int]) -> Iterator[Container]:
    """A process of another program, which is told a port, and listens at these addresses."""
    program = f"import socket, time\nkept = [socket.create_server(address) for address in {addresses}]\ntime.sleep(60)"
    options = [f"--entrypoint={PYTHON}"]
    with Container(image, "-c", program, variables={"PORT": str(port)}, options=options) as container:
        yield container
