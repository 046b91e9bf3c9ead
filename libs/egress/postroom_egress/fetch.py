import http.client
import socket
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass

from postroom_egress.connection import Deadline, open_connection
from postroom_egress.errors import Refused, Unreachable
from postroom_egress.networks import Address, Network, may_connect
from postroom_egress.resolver import Resolver, look_up, resolve
from postroom_egress.target import Target, parse_target

CHUNK_BYTES = 65_536
# Of the 4xx, those that speak of now and not of the request (RFC 9110, 6585, 8470).
TRANSIENT_STATUS = {408, 425, 429}


@dataclass(frozen=True, slots=True)
class Fetched:
    content: bytes
    content_type: str | None


@dataclass(frozen=True, slots=True)
class Posted:
    """What was answered.

    Attributes:
        beginning: of the body.
    """

    status: int
    beginning: bytes


class Egress:
    """HTTP to addresses that clients name.

    A host is resolved once, each of its addresses must be public, and the connection goes to one of those
    addresses and not to the name again. Redirects are not followed, nor are proxies of the environment used.

    Args:
        allow: networks that may be reached although they are not public.
        timeout_seconds: for one request, from resolving to the last byte.
        resolver: gives the addresses of a host.
    """

    def __init__(self, allow: Sequence[Network], timeout_seconds: float, *, resolver: Resolver = look_up) -> None:
        self._allow = tuple(allow)
        self._timeout_seconds = timeout_seconds
        self._resolver = resolver
        self._context = ssl.create_default_context()

    def check(self, url: str) -> None:
        """Find out whether a URL may be reached, without asking its host for anything.

        Raises:
            Refused: it may not.
            Unreachable: the host has no address at this moment, or none was found in time.
        """
        self._find_addresses(parse_target(url), time.monotonic() + self._timeout_seconds)

    def fetch(self, url: str, *, max_bytes: int) -> Fetched:
        """Get a whole document. Raises Refused (also when it is larger than `max_bytes`) or Unreachable."""
        with self._request("GET", url) as (answer, deadline):
            _expect_document(answer)
            too_large = Refused(f"the document is larger than {max_bytes} bytes")
            if (answer.length or 0) > max_bytes:
                raise too_large
            content = _read(answer, max_bytes + 1, deadline)
            if len(content) > max_bytes:
                raise too_large
            if answer.length:
                raise Unreachable("the document broke off")
            return Fetched(content, answer.headers.get("Content-Type"))

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, max_bytes: int) -> Posted:
        """Post a document; whatever the status is, the answer is given. Raises Refused or Unreachable.

        The status says what became of it (RFC 9110, 15.3). The body says no more: that it breaks off, or takes too
        long, undoes nothing.

        Args:
            url: where to.
            body: the document.
            headers: beside those that every request has.
            max_bytes: of the answer's body that are read; more may follow, and is left.
        """
        with self._request("POST", url, body, headers) as (answer, deadline):
            # When the deadline cut the connection, nobody knows whether that was the head's end.
            deadline.remaining_seconds()
            beginning = bytearray()
            with suppress(OSError, http.client.HTTPException, Unreachable):
                for piece in _pieces(answer, max_bytes, deadline):
                    beginning += piece
            return Posted(answer.status, bytes(beginning))

    @contextmanager
    def _request(
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Iterator[tuple[http.client.HTTPResponse, Deadline]]:
        target = parse_target(url)
        end = time.monotonic() + self._timeout_seconds
        addresses = self._find_addresses(target, end)
        deadline = Deadline(end)
        try:
            with (
                open_connection(target, addresses, context=self._context, deadline=deadline) as connected,
                closing(_ask(connected, target, method, body, headers or {})) as answer,
            ):
                yield answer, deadline
        except (OSError, http.client.HTTPException) as error:
            deadline.remaining_seconds()
            raise Unreachable("the connection broke before the answer was complete") from error

    def _find_addresses(self, target: Target, end: float) -> list[Address]:
        addresses = resolve(target.host, target.port, resolver=self._resolver, deadline=end)
        # One bad address spoils all: a host that mixes them is trying something.
        if not all(may_connect(address, self._allow) for address in addresses):
            raise Refused("the host has an address that is not public")
        return addresses


def _ask(
    connected: socket.socket, target: Target, method: str, body: bytes | None, headers: Mapping[str, str]
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = connected
    # Compressed answers are not asked for: they could grow without bound.
    always = {"Host": target.host_header, "Accept-Encoding": "identity", "Connection": "close"}
    connection.request(method, target.path, body, {**headers, **always})
    return connection.getresponse()


def _expect_document(answer: http.client.HTTPResponse) -> None:
    status = answer.status
    if status in TRANSIENT_STATUS or status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unreachable(f"the server answered {status}")
    if not http.HTTPStatus.OK <= status < http.HTTPStatus.MULTIPLE_CHOICES:
        raise Refused(f"the server answered {status}")
    if answer.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise Refused("the document is compressed, which was not asked for")


def _read(answer: http.client.HTTPResponse, max_bytes: int, deadline: Deadline) -> bytes:
    """Read up to `max_bytes`."""
    content = bytearray()
    for piece in _pieces(answer, max_bytes, deadline):
        content += piece
    # When the deadline cut the connection, the end that was seen is not the document's.
    deadline.remaining_seconds()
    return bytes(content)


def _pieces(answer: http.client.HTTPResponse, max_bytes: int, deadline: Deadline) -> Iterator[bytes]:
    """Of the body, up to `max_bytes`; one network read at a time, so that the deadline is seen between them."""
    left = max_bytes
    while left > 0:
        deadline.remaining_seconds()
        piece = answer.read1(min(CHUNK_BYTES, left))
        if not piece:
            return
        left -= len(piece)
        yield piece
