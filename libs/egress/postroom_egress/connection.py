import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence

from postroom_egress.errors import Unreachable
from postroom_egress.networks import Address
from postroom_egress.target import Target

_MISMATCHES = {62, 64}
"""OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and _IP_ADDRESS_MISMATCH, whose messages name the host."""


class Deadline:
    """Ends a connection at a point on time.monotonic(), however slowly and steadily its bytes drip."""

    def __init__(self, at: float) -> None:
        self._at = at
        self.passed = False

    def remaining_seconds(self) -> float:
        """Raises Unreachable when nothing remains."""
        remaining = self._at - time.monotonic()
        if self.passed or remaining <= 0:
            raise Unreachable("the server took too long")
        return remaining

    @contextlib.contextmanager
    def watch(self, connected: socket.socket) -> Iterator[None]:
        # A handle of its own: wrapping a socket in TLS takes the first one away.
        handle = connected.dup()
        timer = threading.Timer(self.remaining_seconds(), self._cut, [handle])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            handle.close()

    def _cut(self, handle: socket.socket) -> None:
        self.passed = True
        with contextlib.suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def open_connection(
    target: Target, addresses: Sequence[Address], *, context: ssl.SSLContext, deadline: Deadline
) -> Iterator[socket.socket]:
    """Connect to one of the checked addresses; the name serves only TLS. Raises Unreachable."""
    plain = _connect(target.port, addresses, deadline)
    with plain, deadline.watch(plain):
        plain.settimeout(deadline.remaining_seconds())
        if not target.tls:
            yield plain
            return
        try:
            encrypted = context.wrap_socket(plain, server_hostname=target.host)
        except ssl.SSLCertVerificationError as error:
            reason = "it is of another host" if error.verify_code in _MISMATCHES else error.verify_message
            raise Unreachable(f"the certificate is not valid: {reason}") from error
        except OSError as error:
            raise Unreachable("the encrypted connection failed") from error
        with encrypted:
            yield encrypted


def _connect(port: int, addresses: Sequence[Address], deadline: Deadline) -> socket.socket:
    for position, address in enumerate(addresses):
        # A dead first address must leave time for the next.
        seconds = deadline.remaining_seconds() / (len(addresses) - position)
        with contextlib.suppress(OSError):
            return socket.create_connection((str(address), port), timeout=seconds)
    raise Unreachable("no connection to the host")
