"""HTTP to and from the SES of the tests."""

import json
import select
import socket
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from postroom_testing.ses_messages import AcceptedMail, FaultError, HangError, read_access_key

if TYPE_CHECKING:
    from postroom_testing.ses import SesServer

SEND_PATH = "/v2/email/outbound-emails"
ACCOUNT_PATH = "/v2/email/account"
SETS_PATH = "/v2/email/configuration-sets/"
_LOOK_SECONDS = 0.05


class HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, ses: "SesServer", host: str) -> None:
        super().__init__((host, 0), _Handler)
        self.ses = ses
        self._live: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._live.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._live.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is part of the game."""

    def count_connections(self) -> int:
        return len(self._live)

    def cut_connections(self) -> None:
        for connection in list(self._live):
            self.shutdown_request(connection)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HttpServer
    _mail: AcceptedMail | None = None
    """What this request brought, if it was taken."""

    def log_message(self, *_: object) -> None:
        """Tests read `requests`; stderr stays quiet."""

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def do_PUT(self) -> None:
        self.do_POST()

    def do_DELETE(self) -> None:
        self.do_POST()

    def _serve(self, body: bytes) -> None:
        ses = self.server.ses
        ses.note(self.command, self.path)
        try:
            answer = self._route(body)
        except FaultError as fault:
            self._answer(fault.status, {"message": fault.text}, fault.name)
            return
        except HangError:
            while not (self._client_is_gone() or ses.wait_closing(_LOOK_SECONDS)):
                pass
            answer = None
        if answer is None:
            self.close_connection = True
            return
        self._answer(200, answer)
        if self._mail is not None:
            self._mail.answered = True

    def _client_is_gone(self) -> bool:
        """Whether it has hung up: then there is an end of the stream to read, and nothing before it."""
        readable, _, _ = select.select([self.connection], [], [], 0)
        try:
            return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""
        except ConnectionError:
            return True

    def _route(self, body: bytes) -> dict[str, Any] | None:
        ses = self.server.ses
        self._mail = None
        access_key = read_access_key(self.headers.get("Authorization", ""))
        if self.command == "POST" and self.path == SEND_PATH:
            self._mail = ses.meet(json.loads(body), access_key)
            return None if self._mail is None else {"MessageId": self._mail.message_id}
        if self.command == "GET" and self.path == ACCOUNT_PATH:
            return ses.manage(lambda _: ses.describe_account(), {})
        if self.command == "GET" and self.path.startswith(SETS_PATH):
            name, _, rest = self.path.removeprefix(SETS_PATH).partition("/")
            if name not in ses.configuration_sets:
                raise FaultError(404, "NotFoundException", f"Configuration set <{name}> does not exist.")
            if rest == "event-destinations":
                return ses.manage(lambda _: {"EventDestinations": ses.event_destinations}, {})
            return {"ConfigurationSetName": name}
        if answer := ses.identities.route(self.command, self.path):
            return ses.manage(answer, json.loads(body or b"{}"))
        raise FaultError(404, "UnknownOperationException", "Unknown operation")

    def _answer(self, status: int, body: dict[str, Any], error: str | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        if error is not None:
            self.send_header("x-amzn-errortype", error)
        self.end_headers()
        self.wfile.write(content)
