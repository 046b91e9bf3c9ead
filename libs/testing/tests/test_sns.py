import base64
import http.client
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from postroom_testing.server import free_port
from postroom_testing.ses import SesServer
from postroom_testing.ses_http import SEND_PATH
from postroom_testing.ses_messages import AcceptedMail, Behaviour
from postroom_testing.sns import SnsServer
from postroom_testing.sns_publisher import SnsPublisher

TO = ("one@example.com", "two@example.com")


class Hook:
    """Answers with the next of its statuses, with 200 when there is none left."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.bodies: list[bytes] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                hook.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(hook.statuses.pop(0) if hook.statuses else 200)
                self.end_headers()

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/hooks/ses"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.close()


def test_messages_are_posted_until_they_are_taken(sns: SnsServer, hook: Hook) -> None:
    hook.statuses = [503, 500, 200, 403]
    with SnsPublisher(sns, [hook.url], retry_seconds=0.01, threads=1) as publisher:
        taken = publisher.publish("first")
        publisher.wait_idle(10)
        refused = publisher.publish("second")
        publisher.wait_idle(10)
    assert [(one.message_id, one.status) for one in publisher.posted] == [
        (taken, 503),
        (taken, 500),
        (taken, 200),
        (refused, 403),
    ]
    assert len(set(hook.bodies)) == 2


def test_another_attempt_goes_to_another_hook(sns: SnsServer, hook: Hook) -> None:
    away = f"http://127.0.0.1:{free_port()}/hooks/ses"
    with SnsPublisher(sns, [away, hook.url], retry_seconds=0.01) as publisher:
        publisher.publish("x")
        publisher.wait_idle(10)
    assert [(one.url, one.status) for one in publisher.posted] == [(away, None), (hook.url, 200)]


def test_messages_are_mixed_and_doubled(sns: SnsServer, hook: Hook) -> None:
    with SnsPublisher(sns, [hook.url], delay_seconds=(0, 0.3), duplicate_share=0.5) as publisher:
        ids = [publisher.publish(str(n)) for n in range(40)]
        publisher.wait_idle(10)
    posted = [one.message_id for one in publisher.posted]
    assert set(posted) == set(ids)
    assert 45 < len(posted) < 75
    assert list(dict.fromkeys(posted)) != ids


def test_a_mail_is_published_as_ses_does(sns: SnsServer, hook: Hook) -> None:
    mail = AcceptedMail("m-1", "from@example.com", TO, b"", {"postroom_email_id": "e-1"}, "postroom")
    with SnsPublisher(sns, [hook.url]) as publisher:
        publisher.publish_mail(mail)
        publisher.publish_mail(AcceptedMail("m-2", "from@example.com", TO, b"", {}, None))
        publisher.wait_idle(10)
    assert len(hook.bodies) == 1 + len(TO)


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        (Behaviour.ACCEPT, 1),
        (Behaviour.HANG_AFTER, 1),
        (Behaviour.DROP_AFTER, 1),
        (Behaviour.HANG, 0),
        (Behaviour.DROP, 0),
        (Behaviour.THROTTLE, 0),
    ],
)
def test_ses_tells_of_what_it_took_and_of_nothing_else(behaviour: Behaviour, told: int) -> None:
    body = {
        "Destination": {"ToAddresses": list(TO)},
        "Content": {"Raw": {"Data": base64.b64encode(b"Subject: x\r\n\r\n").decode()}},
        "EmailTags": [{"Name": "postroom_email_id", "Value": "e-1"}],
    }
    mails: list[AcceptedMail] = []
    with SesServer() as ses:
        ses.on_accepted = mails.append
        ses.script(behaviour)
        connection = http.client.HTTPConnection(ses.url.removeprefix("http://"), timeout=0.5)
        connection.request("POST", SEND_PATH, json.dumps(body), {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIA/x"})
        with suppress(TimeoutError, http.client.HTTPException, ConnectionError):
            connection.getresponse()
        connection.close()
    assert [mail.tags for mail in mails] == [{"postroom_email_id": "e-1"}] * told
    assert mails == ses.mails


def test_the_server_is_trusted_by_its_file_alone(sns: SnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    address = sns.origin.removeprefix("https://")
    trusting = ssl.create_default_context()
    connection = http.client.HTTPSConnection(address, context=trusting, timeout=10)
    connection.request("GET", next(iter(sns.documents)))
    assert connection.getresponse().read().startswith(b"-----BEGIN CERTIFICATE-----")
    connection.close()
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(ssl.SSLCertVerificationError):
        http.client.HTTPSConnection(address, context=ssl.create_default_context(), timeout=10).request("GET", "/")
