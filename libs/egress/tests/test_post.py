"""Posting to endpoints that clients name, some of which attack."""

import ipaddress
import resource
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

import pytest

from postroom_egress.errors import EgressError, Refused, Unreachable
from postroom_egress.fetch import Egress, Posted
from postroom_testing.server import free_port
from postroom_testing.web import LOOPBACK, Serve, ok

BODY = b'{"type":"email.sent"}'
HEADERS = {"content-type": "application/json", "svix-id": "msg_1"}


def make_egress(
    *addresses: str,
    allow: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network] = LOOPBACK,
    timeout_seconds: float = 10,
) -> Egress:
    return Egress(allow, timeout_seconds, resolver=lambda _host, _port: addresses or ["127.0.0.1"])


def post(url: str, egress: Egress | None = None, *, body: bytes = BODY, max_bytes: int = 100) -> Posted:
    return (egress or make_egress()).post(url, body, HEADERS, max_bytes=max_bytes)


def test_posts_by_name_at_the_checked_address(serve: Serve) -> None:
    web = serve(ok(b"thanks"))
    assert post(web.url + "?a=b") == Posted(200, b"thanks")
    head, _, body = web.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert body == BODY
    assert lines[0] == "POST /path?a=b HTTP/1.1"
    assert {
        f"Host: web.example:{web.port}",
        "content-type: application/json",
        "svix-id: msg_1",
        f"Content-Length: {len(BODY)}",
        "Connection: close",
    } <= set(lines)


@pytest.mark.parametrize("status", [200, 201, 204, 301, 302, 307, 308, 400, 404, 410, 429, 500, 503])
def test_every_status_is_given_and_no_redirect_followed(serve: Serve, status: int) -> None:
    other = serve(ok(b"x"))
    head = f"HTTP/1.1 {status} X\r\nLocation: {other.url}\r\nContent-Length: 0\r\n\r\n"
    assert post(serve(head.encode()).url).status == status
    assert other.requests == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "127.0.0.1"],
        ["10.0.0.1"],
        ["192.168.1.1"],
        ["169.254.169.254"],
        ["fe80::1"],
        ["fd00:ec2::254"],
        ["::ffff:127.0.0.1"],
        ["::ffff:169.254.169.254"],
        ["64:ff9b::7f00:1"],
        ["::1"],
        ["0.0.0.0"],  # noqa: S104 - connecting, not listening
    ],
)
def test_an_inside_address_is_refused(serve: Serve, addresses: list[str]) -> None:
    web = serve(ok(b"x"))
    with pytest.raises(Refused, match="not public") as caught:
        post(web.url, make_egress(*addresses, allow=()))
    assert web.requests == []
    assert addresses[-1] not in str(caught.value)


def test_an_inside_address_may_be_allowed(serve: Serve) -> None:
    assert post(serve(ok(b"x")).url, make_egress("::ffff:127.0.0.1")).status == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost", "[::1]"])
def test_spellings_of_loopback_are_refused(serve: Serve, host: str) -> None:
    web = serve(ok(b"x"))
    with pytest.raises(Refused, match="not public"):
        post(f"http://{host}:{web.port}/", Egress([], 10))
    assert web.requests == []


def test_an_answer_of_dns_that_changes_after_the_check_changes_nothing(serve: Serve) -> None:
    """The first address is checked and allowed; whoever asks again gets one where another server listens."""
    web = serve(ok(b"checked"))
    inside = serve(ok(b"inside"))
    asked: list[str] = []

    def rebind(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    assert post(web.url, Egress(LOOPBACK, 10, resolver=rebind)).beginning == b"checked"
    with pytest.raises(Refused, match="not public"):
        post(inside.url, Egress(LOOPBACK, 10, resolver=rebind))
    assert (asked, inside.requests) == (["web.example"] * 2, [])


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 104857600\r\n\r\n",
    ],
    ids=["length", "no length", "compressed"],
)
def test_of_a_large_answer_only_the_beginning_is_read(serve: Serve, head: bytes) -> None:
    web = serve(head, *[b"x" * 1_048_576] * 100)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert post(web.url, max_bytes=1024) == Posted(200, b"x" * 1024)
    web.close()
    assert web.sent_bytes < 30_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@pytest.mark.parametrize(
    "pieces",
    [
        [b""] * 100,
        [bytes([byte]) for byte in b"HTTP/1.1 200 OK\r\nX-Header: " + b"x" * 500],
        [b"HTTP/1.1 100 Continue\r\n\r\n"] * 500,
    ],
    ids=["silence", "dripping header", "endless interim answers"],
)
def test_deadline_holds_until_the_head_is_there(serve: Serve, pieces: list[bytes]) -> None:
    web = serve(*pieces, pause_seconds=0.1)
    began = time.monotonic()
    with pytest.raises(Unreachable, match="too long"):
        post(web.url, make_egress(timeout_seconds=0.7), max_bytes=1000)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "head",
    [
        [b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", *[b"x"] * 500],
        [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x"] * 500],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 500],
    ],
    ids=["with length", "without length", "chunks"],
)
def test_a_dripping_body_is_not_waited_for_beyond_the_deadline(serve: Serve, head: list[bytes]) -> None:
    web = serve(*head, pause_seconds=0.1)
    began = time.monotonic()
    posted = post(web.url, make_egress(timeout_seconds=0.7), max_bytes=1000)
    assert time.monotonic() - began < 5
    assert posted.status == 200
    assert posted.beginning == b"x" * len(posted.beginning)


def test_deadline_holds_for_a_server_that_reads_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def accept() -> None:
            with suppress(OSError):
                held.append(listener.accept()[0])

        thread = threading.Thread(target=accept)
        thread.start()
        url = f"http://web.example:{listener.getsockname()[1]}/"
        began = time.monotonic()
        with pytest.raises(Unreachable, match="too long"):
            post(url, make_egress(timeout_seconds=0.7), body=b"x" * 50_000_000)
        assert time.monotonic() - began < 5
        thread.join()
        for connected in held:
            connected.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 20",
    ],
    ids=["nothing", "no http", "half a status"],
)
def test_an_answer_without_a_status_is_none(serve: Serve, answer: bytes) -> None:
    with pytest.raises(Unreachable):
        post(serve(answer).url)


@pytest.mark.parametrize(
    ("head", "beginning"),
    [
        (b"Content-Length: 9\r\n\r\nshort", b"short"),
        (b"Content-Length: 9\r\n\r\n", b""),
        (b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n9\r\nshort", b"abshort"),
        (b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n", b""),
    ],
    ids=["short body", "no body", "short chunk", "no chunk"],
)
@pytest.mark.parametrize("status", [200, 500])
def test_the_status_holds_when_the_body_breaks_off(serve: Serve, status: int, head: bytes, beginning: bytes) -> None:
    web = serve(f"HTTP/1.1 {status} X\r\n".encode() + head)
    assert post(web.url) == Posted(status, beginning)


def test_nothing_listens() -> None:
    with pytest.raises(Unreachable, match="no connection"):
        post(f"http://web.example:{free_port()}/")


def test_errors_do_not_tell_the_url(serve: Serve) -> None:
    with pytest.raises(EgressError) as caught:
        post(serve(b"").url + "?token=s3cret")
    assert "s3cret" not in str(caught.value)
    assert "example" not in str(caught.value)
