import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from postroom_egress.errors import EgressError, Refused, Unreachable
from postroom_egress.fetch import Egress
from postroom_testing.certificate import make_certificate
from postroom_testing.server import free_port
from postroom_testing.web import LOOPBACK, Serve, ok


def make_egress(
    *addresses: str,
    allow: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network] = LOOPBACK,
    timeout_seconds: float = 10,
) -> Egress:
    return Egress(allow, timeout_seconds, resolver=lambda _host, _port: addresses or ["127.0.0.1"])


def test_fetches_by_name_at_the_checked_address(serve: Serve) -> None:
    web = serve(ok(b"content", "Content-Type: image/png\r\n"))
    fetched = make_egress().fetch(web.url, max_bytes=7)
    assert (fetched.content, fetched.content_type) == (b"content", "image/png")
    head = web.requests[0].decode()
    assert head.startswith("GET /path HTTP/1.1\r\n")
    assert f"\r\nHost: web.example:{web.port}\r\n" in head
    assert "\r\nAccept-Encoding: identity\r\n" in head


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\nwhole body until the end",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nwhole \r\n12\r\nbody until the end\r\n0\r\n\r\n",
    ],
    ids=["no length", "chunked"],
)
def test_length_need_not_be_known(serve: Serve, answer: bytes) -> None:
    assert make_egress().fetch(serve(answer).url, max_bytes=100).content == b"whole body until the end"


@pytest.mark.parametrize(
    "answer",
    [
        ok(b"x" * 11),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 11,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n" + b"x" * 11 + b"\r\n0\r\n\r\n",
    ],
    ids=["length", "no length", "chunked"],
)
def test_too_large_is_refused(serve: Serve, answer: bytes) -> None:
    web = serve(answer)
    assert len(make_egress().fetch(serve(ok(b"x" * 10)).url, max_bytes=10).content) == 10
    with pytest.raises(Refused, match="larger than 10 bytes"):
        make_egress().fetch(web.url, max_bytes=10)


def test_endless_answer_is_cut_early(serve: Serve) -> None:
    web = serve(b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 65536] * 1000)
    with pytest.raises(Refused):
        make_egress().fetch(web.url, max_bytes=100_000)
    web.close()
    assert web.sent_bytes < 30_000_000


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip", "DEFLATE"])
def test_compressed_answer_is_refused(serve: Serve, encoding: str) -> None:
    with pytest.raises(Refused, match="compressed"):
        make_egress().fetch(serve(ok(b"x", f"Content-Encoding: {encoding}\r\n")).url, max_bytes=10)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 400, 401, 403, 404, 410])
def test_permanent_status(serve: Serve, status: int) -> None:
    other = serve(ok(b"x"))
    web = serve(f"HTTP/1.1 {status} X\r\nLocation: {other.url}\r\nContent-Length: 0\r\n\r\n".encode())
    with pytest.raises(Refused, match=str(status)):
        make_egress().fetch(web.url, max_bytes=10)
    assert other.requests == []


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_transient_status(serve: Serve, status: int) -> None:
    with pytest.raises(Unreachable, match=str(status)):
        make_egress().fetch(serve(f"HTTP/1.1 {status} X\r\n\r\n".encode()).url, max_bytes=10)


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "127.0.0.1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["::ffff:127.0.0.1"],
        ["::1"],
    ],
)
def test_one_inside_address_is_enough_to_refuse(serve: Serve, addresses: list[str]) -> None:
    web = serve(ok(b"x"))
    with pytest.raises(Refused, match="not public") as caught:
        make_egress(*addresses, allow=()).fetch(web.url, max_bytes=10)
    assert web.requests == []
    assert addresses[-1] not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost", "[::1]", "127.1"])
def test_spellings_of_loopback_are_refused(serve: Serve, host: str) -> None:
    web = serve(ok(b"x"))
    with pytest.raises(Refused, match="not public"):
        Egress([], 10).fetch(f"http://{host}:{web.port}/", max_bytes=10)
    assert web.requests == []


def test_a_host_is_resolved_once(serve: Serve) -> None:
    web = serve(ok(b"x"))
    asked: list[tuple[str, int]] = []

    def rebind(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    Egress(LOOPBACK, 10, resolver=rebind).fetch(web.url, max_bytes=10)
    assert asked == [("web.example", web.port)]


def test_proxies_of_the_environment_are_not_used(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = serve(ok(b"proxy"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    assert make_egress().fetch(serve(ok(b"web")).url, max_bytes=10).content == b"web"


def test_next_address_is_tried_when_the_first_refuses(serve: Serve) -> None:
    web = serve(ok(b"x"))
    assert make_egress("127.0.0.2", "127.0.0.1").fetch(web.url, max_bytes=10).content == b"x"


def test_nothing_listens() -> None:
    with pytest.raises(Unreachable):
        make_egress().fetch(f"http://web.example:{free_port()}/", max_bytes=10)


def test_unknown_host() -> None:
    def unknown(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    with pytest.raises(Unreachable, match="no address"):
        Egress([], 10, resolver=unknown).fetch("http://web.example/", max_bytes=10)


def test_slow_resolver_does_not_hold_us() -> None:
    release = threading.Event()

    def hang(_host: str, _port: int) -> list[str]:
        release.wait(30)
        return []

    began = time.monotonic()
    with pytest.raises(Unreachable, match="in time"):
        Egress([], 0.3, resolver=hang).fetch("http://web.example/", max_bytes=10)
    assert time.monotonic() - began < 5
    release.set()


@pytest.mark.parametrize(
    "pieces",
    [
        [b""] * 100,
        [bytes([byte]) for byte in b"HTTP/1.1 200 OK\r\nX-Header: " + b"x" * 500],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", *[b"x"] * 500],
        [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x"] * 500],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 500],
    ],
    ids=["silence", "dripping header", "dripping body", "dripping body without length", "dripping chunks"],
)
def test_deadline_holds_for_the_whole_request(serve: Serve, pieces: list[bytes]) -> None:
    web = serve(*pieces, pause_seconds=0.1)
    began = time.monotonic()
    with pytest.raises(Unreachable, match="too long"):
        make_egress(timeout_seconds=0.7).fetch(web.url, max_bytes=1000)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nshort",
    ],
    ids=["nothing", "no http", "short body", "short chunk"],
)
def test_broken_answer(serve: Serve, answer: bytes) -> None:
    with pytest.raises(Unreachable):
        make_egress().fetch(serve(answer).url, max_bytes=100)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"), host="web.example")


@pytest.fixture
def tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def test_tls_is_verified_against_the_name(
    serve: Serve, tls: ssl.SSLContext, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str | None] = []
    tls.sni_callback = lambda _socket, name, _context: names.append(name)
    web = serve(ok(b"secret"), context=tls)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    egress = make_egress()
    assert egress.fetch(web.url, max_bytes=10).content == b"secret"
    assert names == ["web.example"]
    for other in ("other.example", "127.0.0.2"):
        with pytest.raises(Unreachable, match="certificate") as caught:
            egress.fetch(web.url.replace("web.example", other), max_bytes=10)
        assert other not in str(caught.value)  # which stands in the log, where no URL is
    assert len(web.requests) == 1


def test_unknown_certificate_is_not_accepted(serve: Serve, tls: ssl.SSLContext) -> None:
    web = serve(ok(b"secret"), context=tls)
    with pytest.raises(Unreachable, match="certificate"):
        make_egress().fetch(web.url, max_bytes=10)
    assert web.requests == []


def test_deadline_holds_for_the_handshake(serve: Serve) -> None:
    silent = serve(pause_seconds=30)
    began = time.monotonic()
    with pytest.raises(Unreachable):
        make_egress(timeout_seconds=0.5).fetch(silent.url.replace("http:", "https:"), max_bytes=10)
    assert time.monotonic() - began < 5


def test_errors_do_not_tell_the_url(serve: Serve) -> None:
    for answer in (b"", b"HTTP/1.1 404 X\r\n\r\n", b"HTTP/1.1 500 X\r\n\r\n"):
        url = serve(answer).url + "?token=s3cret"
        with pytest.raises(EgressError) as caught:
            make_egress().fetch(url, max_bytes=10)
        assert "s3cret" not in str(caught.value)
        assert "example" not in str(caught.value)
