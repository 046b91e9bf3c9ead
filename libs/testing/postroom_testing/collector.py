"""An OpenTelemetry collector: it takes OTLP over HTTP as JSON, and keeps what it was sent."""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Span:
    """Attributes: service is the process's; parent_id is empty for a root; links are pairs of trace and span."""

    service: str
    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    began_at: int
    ended_at: int
    attributes: dict[str, str]
    failed: bool
    links: tuple[tuple[str, str], ...]


class Collector:
    """Takes traces.

    Args:
        host: the address to bind; containers reach one of their network's gateway, not this machine's loopback.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.bodies: list[str] = []
        """As they came."""
        self.requests: list[tuple[str, dict[str, str]]] = []
        """Path and headers, whose names are in lower case."""
        self.status = 200
        self._host = host
        self._server = _HttpServer((host, 0), _Handler)
        self._server.collector = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": _LOOK_SECONDS})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self._server.server_port}"

    @property
    def spans(self) -> list[Span]:
        return [span for body in list(self.bodies) for span in _read(json.loads(body))]


def _read(body: dict[str, Any]) -> list[Span]:
    return [
        Span(
            service=_attributes(resource["resource"])["service.name"],
            name=span["name"],
            kind=span["kind"],
            trace_id=span["traceId"],
            span_id=span["spanId"],
            parent_id=span.get("parentSpanId", ""),
            began_at=int(span["startTimeUnixNano"]),
            ended_at=int(span["endTimeUnixNano"]),
            attributes=_attributes(span),
            failed=span["status"].get("code") == 2,  # noqa: PLR2004 - OTLP's STATUS_CODE_ERROR
            links=tuple((link["traceId"], link["spanId"]) for link in span.get("links", ())),
        )
        for resource in body["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]


def _attributes(of: dict[str, Any]) -> dict[str, str]:
    return {one["key"]: str(next(iter(one["value"].values()))) for one in of["attributes"]}


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    collector: Collector


class _Handler(BaseHTTPRequestHandler):
    server: _HttpServer

    def do_POST(self) -> None:
        collector = self.server.collector
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        collector.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        if collector.status == 200:  # noqa: PLR2004 - HTTP's own
            collector.bodies.append(body)
        self.send_response(collector.status)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the stdlib's signature
        """Nothing is printed."""
