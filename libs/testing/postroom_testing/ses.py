import json
import select
import socket
import threading
import uuid
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, TypeVar
from urllib.parse import quote

from postroom_testing.ses_identities import Identities
from postroom_testing.ses_messages import (
    FAULTS,
    AcceptedMail,
    Behaviour,
    FaultError,
    HangError,
    read_access_key,
    read_mail,
)

SEND_PATH = "/v2/email/outbound-emails"
ACCOUNT_PATH = "/v2/email/account"
SETS_PATH = "/v2/email/configuration-sets/"
REGION = "eu-west-1"
_LOOK_SECONDS = 0.05

_Taken = TypeVar("_Taken")


class SesServer:
    """An SES that speaks SESv2 over HTTP with the real boto3, and misbehaves when told to.

    Attributes:
        mails: what was accepted, in order.
        requests: every request that came, as (method, path).
        latency_seconds: wait before each answer of SendEmail.
        max_send_rate, max_24_hour_send, sending_enabled, configuration_sets: what it says about the account.
        identities: what it knows of domains and suppressed addresses.
        on_accepted: told of each mail that is accepted, whether SendEmail is answered or not.
    """

    def __init__(self) -> None:
        self.mails: list[AcceptedMail] = []
        self.requests: list[tuple[str, str]] = []
        self.latency_seconds = 0.0
        self.max_send_rate = 14.0
        self.max_24_hour_send = 50_000.0
        self.sending_enabled = True
        self.configuration_sets = {"postroom"}
        self.identities = Identities(self.configuration_sets)
        self.on_accepted: Callable[[AcceptedMail], None] = lambda _: None
        self._sending = _Mood()
        self._managing = _Mood()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._http = _HttpServer(("127.0.0.1", 0), _Handler)
        self._http.ses = self
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def mail_url(self, configuration_set: str | None = "postroom") -> str:
        chosen = f"configuration_set={configuration_set}&" if configuration_set else ""
        return f"ses://{REGION}?{chosen}endpoint={quote(self.url, safe='')}"

    def script(self, *behaviours: Behaviour) -> None:
        """Set what the next SendEmail requests meet, one each; afterwards `always` holds again."""
        with self._lock:
            self._sending.script.extend(behaviours)

    def always(self, behaviour: Behaviour) -> None:
        with self._lock:
            self._sending.always = behaviour

    def script_managing(self, *behaviours: Behaviour) -> None:
        """The same for the calls about identities, suppressed addresses and the account."""
        with self._lock:
            self._managing.script.extend(behaviours)

    def always_managing(self, behaviour: Behaviour) -> None:
        with self._lock:
            self._managing.always = behaviour

    def count_sends(self) -> int:
        """How many SendEmail requests came, answered or not."""
        return self.count("POST", SEND_PATH)

    def count(self, method: str, path: str) -> int:
        """How many such requests came, answered or not."""
        return list(self.requests).count((method, path))

    def count_connections(self) -> int:
        """How many are open."""
        return self._http.count_connections()

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        self._http.cut_connections()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def note(self, method: str, path: str) -> None:
        with self._lock:
            self.requests.append((method, path))

    def meet(self, body: dict[str, Any], access_key: str) -> AcceptedMail | None:
        """Take one mail; None: cut the connection. Raises FaultError, HangError."""
        behaviour = self._next(self._sending)
        self._closing.wait(self.latency_seconds)
        message_id = f"0102{uuid.uuid4().hex[:12]}-{uuid.uuid4()}-000000"
        mail = read_mail(body, access_key=access_key, message_id=message_id)

        def accept() -> AcceptedMail:
            with self._lock:
                self.mails.append(mail)
            self.on_accepted(mail)
            return mail

        return self._behave(behaviour, accept)

    def manage(self, answer: Callable[[dict[str, Any]], dict[str, Any]], body: dict[str, Any]) -> dict[str, Any] | None:
        """Answer one call about identities, suppressed addresses or the account, likewise."""

        def carry_out() -> dict[str, Any]:
            with self._lock:
                return answer(body)

        return self._behave(self._next(self._managing), carry_out)

    def _next(self, mood: "_Mood") -> Behaviour:
        with self._lock:
            return mood.script.popleft() if mood.script else mood.always

    def wait_closing(self, seconds: float) -> bool:
        """Wait that long at most; whether the server closes."""
        return self._closing.wait(seconds)

    def _behave(self, behaviour: Behaviour, accept: Callable[[], _Taken]) -> _Taken | None:
        if fault := FAULTS.get(behaviour):
            raise FaultError(fault.status, fault.name, fault.text)
        answer = None if behaviour in {Behaviour.HANG, Behaviour.DROP} else accept()
        if behaviour in {Behaviour.HANG, Behaviour.HANG_AFTER}:
            raise HangError
        return answer if behaviour is Behaviour.ACCEPT else None

    def describe_account(self) -> dict[str, Any]:
        return {
            "DedicatedIpAutoWarmupEnabled": False,
            "EnforcementStatus": "HEALTHY",
            "ProductionAccessEnabled": True,
            "SendQuota": {
                "Max24HourSend": self.max_24_hour_send,
                "MaxSendRate": self.max_send_rate,
                "SentLast24Hours": float(sum(len(mail.recipients) for mail in self.mails)),
            },
            "SendingEnabled": self.sending_enabled,
        }


class _Mood:
    """What the next requests meet, one each, and all others."""

    def __init__(self) -> None:
        self.always = Behaviour.ACCEPT
        self.script: deque[Behaviour] = deque()


class _HttpServer(ThreadingHTTPServer):
    ses: SesServer
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
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
    server: _HttpServer
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
            name = self.path.removeprefix(SETS_PATH)
            if name not in ses.configuration_sets:
                raise FaultError(404, "NotFoundException", f"Configuration set <{name}> does not exist.")
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
