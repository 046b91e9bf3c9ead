import base64
import json
import shutil
import ssl
import tempfile
import threading
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from postroom_testing.certificate import make_certificate

TOPIC_ARN = "arn:aws:sns:eu-west-1:123456789012:postroom-events"
CERTIFICATE_PATH = "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
_HASHES = {"1": SHA1(), "2": SHA256()}  # noqa: S303 - AWS's own
_NOT_ALLOWED = (
    '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type>'
    "<Code>AuthorizationError</Code><Message>The tests wanted it so.</Message></Error></ErrorResponse>"
)
_PAGE = 2
"""Subscriptions in one answer; AWS gives 100."""
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}


class SnsServer:
    """An SNS with one topic: it signs messages, serves its certificate over HTTPS and takes confirmations.

    Attributes:
        origin: where it listens.
        authority: the file that SSL_CERT_FILE must name for clients to trust it.
        requests: the path of every request that came.
        confirmed: the tokens of the subscriptions that were confirmed.
        documents: what it serves, by path.
        status: of its answers.
        subscriptions: of its topic, as (protocol, endpoint, ARN); told to whoever asks by the query protocol.
    """

    def __init__(self) -> None:
        self.topic_arn = TOPIC_ARN
        self.requests: list[str] = []
        self.confirmed: list[str] = []
        self.status = 200
        self.subscriptions: list[tuple[str, str, str]] = []
        self._key = generate_private_key(public_exponent=65_537, key_size=2048)
        self.documents = {CERTIFICATE_PATH: self.make_certificate()}
        self._folder = Path(tempfile.mkdtemp(prefix="postroom-sns-"))
        self.authority, key = make_certificate(self._folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.authority, key)
        self._http = _HttpServer(("127.0.0.1", 0), _Handler)
        self._http.sns = self
        # The handshake is left to the connection's own thread: a client that is slow with it holds up nobody.
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.origin = f"https://127.0.0.1:{self._http.server_address[1]}"

    def environment(self) -> dict[str, str]:
        """All that an api process needs in order to take this topic's messages."""
        return {
            "POSTROOM_SES_TOPICS": self.topic_arn,
            "POSTROOM_SNS_ORIGIN": self.origin,
            "POSTROOM_EGRESS_ALLOW": "127.0.0.0/8",
            "SSL_CERT_FILE": str(self.authority),
        }

    def make_certificate(self, *, valid_from: datetime | None = None, valid_days: int = 30) -> bytes:
        """A certificate with this server's key, in PEM; valid since yesterday when nothing else is said."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        begin = valid_from or datetime.now(UTC) - timedelta(days=1)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + timedelta(days=valid_days))
            .sign(self._key, SHA256())
        )
        return certificate.public_bytes(Encoding.PEM)

    def notification(self, text: str, *, version: str = "1", **changes: str | None) -> dict[str, str]:
        """A signed message of the topic, as it is posted; `changes` are made before it is signed, None removes."""
        fields: dict[str, str | None] = {
            "Type": "Notification",
            "MessageId": str(uuid.uuid4()),
            "TopicArn": self.topic_arn,
            "Subject": "Amazon SES Email Event Notification",
            "Message": text,
            "Timestamp": _now(),
            "UnsubscribeURL": f"{self.origin}/?Action=Unsubscribe&SubscriptionArn={self.topic_arn}:1",
        }
        return self.sign(fields | changes, version=version)

    def confirmation(self, *, kind: str = "SubscriptionConfirmation", **changes: str | None) -> dict[str, str]:
        """The first message of a subscription, likewise."""
        token = uuid.uuid4().hex * 4
        fields: dict[str, str | None] = {
            "Type": kind,
            "MessageId": str(uuid.uuid4()),
            "Token": token,
            "TopicArn": self.topic_arn,
            "Message": f"You have chosen to subscribe to the topic {self.topic_arn}.\nTo confirm, visit the URL.",
            "SubscribeURL": f"{self.origin}/?Action=ConfirmSubscription&TopicArn={self.topic_arn}&Token={token}",
            "Timestamp": _now(),
        }
        return self.sign(fields | changes)

    def sign(self, fields: Mapping[str, str | None], *, version: str = "1") -> dict[str, str]:
        """The message with its signature."""
        message = {name: value for name, value in fields.items() if value is not None}
        names = [name for name in _SIGNED[message["Type"]] if name in message]
        text = "".join(f"{name}\n{message[name]}\n" for name in names)
        signature = self._key.sign(text.encode(), PKCS1v15(), _HASHES[version])
        return message | {
            "SignatureVersion": version,
            "Signature": base64.b64encode(signature).decode(),
            "SigningCertURL": self.origin + CERTIFICATE_PATH,
        }

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        shutil.rmtree(self._folder)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def answer(self, path: str) -> bytes | None:
        """What a request is answered; None: there is nothing."""
        self.requests.append(path)
        query = parse_qs(urlsplit(path).query)
        if query.get("Action") == ["ConfirmSubscription"] and query.get("TopicArn") == [self.topic_arn]:
            if self.status < 300:  # noqa: PLR2004 - HTTP's own number
                self.confirmed += query["Token"]
            return b"<ConfirmSubscriptionResponse/>"
        return self.documents.get(path)


def _list_subscriptions(sns: SnsServer, begin: int) -> str:
    members = "".join(
        f"<member><TopicArn>{sns.topic_arn}</TopicArn><Protocol>{protocol}</Protocol><Endpoint>{endpoint}</Endpoint>"
        f"<Owner>123456789012</Owner><SubscriptionArn>{arn}</SubscriptionArn></member>"
        for protocol, endpoint, arn in sns.subscriptions[begin : begin + _PAGE]
    )
    end = begin + _PAGE
    more = f"<NextToken>{end}</NextToken>" if end < len(sns.subscriptions) else ""
    action = "ListSubscriptionsByTopic"
    return (
        f'<{action}Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><{action}Result><Subscriptions>{members}'
        f"</Subscriptions>{more}</{action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
        f"</{action}Response>"
    )


def encode(message: dict[str, Any]) -> bytes:
    """A message as SNS writes it into the body of a POST."""
    return json.dumps(message, indent=2).encode()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class _HttpServer(ThreadingHTTPServer):
    sns: SnsServer
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust the certificate goes away in the middle: part of the game."""


class _Handler(BaseHTTPRequestHandler):
    server: _HttpServer

    def log_message(self, *_: object) -> None:
        """Tests read `requests`; stderr stays quiet."""

    def do_POST(self) -> None:
        asked = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        sns = self.server.sns
        is_known = asked["Action"] == ["ListSubscriptionsByTopic"] and asked["TopicArn"] == [sns.topic_arn]
        told = _list_subscriptions(sns, int(asked.get("NextToken", ["0"])[0])) if is_known else _NOT_ALLOWED
        content = told.encode()
        self.send_response(200 if is_known else 403)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        content = self.server.sns.answer(self.path)
        status = self.server.sns.status if content is not None else 404
        self.send_response(status)
        if 300 <= status < 400:  # noqa: PLR2004 - HTTP's own numbers
            self.send_header("Location", self.server.sns.origin + CERTIFICATE_PATH)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")
