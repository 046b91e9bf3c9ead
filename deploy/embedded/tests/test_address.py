import socket

import pytest

from postroom_embedded.address import Address, ensure_free, find_free_ports, read_address
from postroom_embedded.errors import Refused


def test_loopback_and_8000_unless_something_else_is_set() -> None:
    assert read_address({}).url == "http://127.0.0.1:8000"
    assert read_address({"PORT": "9000"}).url == "http://127.0.0.1:9000"


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:80"), ("::", "http://[::1]:80"), ("10.1.2.3", "http://10.1.2.3:80")],  # noqa: S104
)
def test_the_url_is_one_that_this_machine_reaches(host: str, url: str) -> None:
    assert read_address({"POSTROOM_HOST": host, "PORT": "80"}).url == url


@pytest.mark.parametrize("port", ["0", "65536", "80a", "-1", "8_0", "٨"])
def test_no_port_is_refused_as_configuration(port: str) -> None:
    with pytest.raises(Refused, match=r"whole number from 1 to 65535") as refused:
        read_address({"PORT": port})
    assert refused.value.exit_code == 78


@pytest.mark.parametrize("holder", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - the other program's choice
def test_a_taken_port_is_named_with_the_way_out(holder: str) -> None:
    with socket.create_server((holder, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Refused, match=rf"^port {port} is taken by .* make run PORT={port + 1}$") as refused:
            ensure_free(Address("127.0.0.1", port))
    assert refused.value.exit_code == 1
    ensure_free(Address("127.0.0.1", port))


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(Refused, match=r"cannot listen on port 8000 of 192\.0\.2\.1"):
        ensure_free(Address("192.0.2.1", 8000))


def test_free_ports_differ() -> None:
    assert len(set(find_free_ports(20))) == 20
