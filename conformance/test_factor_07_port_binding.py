import http.client
from collections.abc import Iterator
from contextlib import closing
from random import SystemRandom

import pytest

from postroom_conformance.claims import proves, violates
from postroom_conformance.fixtures import Evidence
from postroom_conformance.sockets import find_listening
from postroom_images_testing.container import LOCKED, Container
from postroom_images_testing.stack import Stack
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
    program = (
        "import socket, time\n"
        f"kept = [socket.create_server(('0.0.0.0', number)) for number in ({port}, 9999)]\n"
        "time.sleep(60)"
    )
    with Container(names["api"], "-c", program, options=["--entrypoint=/app/bin/python"]) as container:
        wait_until(lambda: find_listening(container) == sorted([port, 9999]), seconds=20, what="both ports")
