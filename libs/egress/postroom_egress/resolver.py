import ipaddress
import queue
import socket
import threading
import time
from collections.abc import Callable, Sequence

from postroom_egress.errors import Unreachable
from postroom_egress.networks import Address

Resolver = Callable[[str, int], Sequence[str]]


def look_up(host: str, port: int) -> list[str]:
    """Ask the system for the addresses of a host, in its order of preference; raises OSError."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in answers))


def resolve(host: str, port: int, *, resolver: Resolver, deadline: float) -> list[Address]:
    """Return all addresses of a host; raises Unreachable. `deadline` is on time.monotonic()."""
    answers: queue.SimpleQueue[Sequence[str] | None] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolver(host, port))
        except (OSError, UnicodeError):
            answers.put(None)

    # The system's resolver knows no deadline: when it takes too long it is left behind in its thread.
    threading.Thread(target=ask, name="egress-dns", daemon=True).start()
    try:
        found = answers.get(timeout=max(deadline - time.monotonic(), 0))
    except queue.Empty:
        raise Unreachable("the host's address was not found in time") from None
    if not found:
        raise Unreachable("the host has no address")
    return [ipaddress.ip_address(text) for text in found]
