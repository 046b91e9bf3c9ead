"""Where the api listens, as the runner and the sample sender know it before the api does."""

import errno
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from postroom_embedded.errors import EX_CONFIG, Refused
from postroom_embedded.variables import HOST, LOOPBACK, PORT, read

DEFAULT_PORT = 8000
_HIGHEST_PORT = 65535
_EVERYWHERE = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104 - compared with, not bound


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int

    @property
    def reachable_host(self) -> str:
        """The name under which this machine reaches it."""
        return _EVERYWHERE.get(self.host, self.host)

    @property
    def url(self) -> str:
        host = self.reachable_host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def read_address(environ: Mapping[str, str]) -> Address:
    """The api's address by what is set outside; raises Refused for a port that is none."""
    port = parse_port(read(environ, PORT) or str(DEFAULT_PORT), "POSTROOM_PORT (or PORT)")
    return Address(read(environ, HOST) or LOOPBACK, port)


def parse_port(text: str, variable: str) -> int:
    """The port that a variable names; raises Refused for one that is none."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _HIGHEST_PORT):
        raise Refused(f"{variable}: expected a whole number from 1 to {_HIGHEST_PORT}", exit_code=EX_CONFIG)
    return int(text)


def ensure_free(address: Address) -> None:
    """Raise Refused when nobody could listen there now."""
    try:
        # Set on server sockets by uvicorn too: a port whose last connections still fade away is free.
        with socket.create_server((address.host, address.port), family=_family(address.host)):
            return
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            raise Refused(
                f"port {address.port} is taken by another program; choose another: make run PORT={_other(address.port)}"
            ) from problem
        raise Refused(f"cannot listen on port {address.port} of {address.host}: {problem.strerror}") from problem


def find_free_ports(count: int) -> list[int]:
    """Loopback ports that nothing listens on now."""
    held = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    try:
        return [int(one.getsockname()[1]) for one in held]
    finally:
        for one in held:
            one.close()


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _other(port: int) -> int:
    return port + 1 if port < _HIGHEST_PORT else DEFAULT_PORT
