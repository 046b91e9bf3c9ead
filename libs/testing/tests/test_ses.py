import json
import socket
import time
from base64 import b64encode
from http.client import HTTPConnection, RemoteDisconnected
from urllib.parse import urlsplit

import pytest

from postroom_testing.server import wait_until
from postroom_testing.ses import SesServer
from postroom_testing.ses_http import SEND_PATH
from postroom_testing.ses_messages import Behaviour

KEY = "AKIAIOSFODNN7EXAMPLE"
BODY = json.dumps(
    {
        "Destination": {"ToAddresses": ["to@example.com"]},
        "Content": {"Raw": {"Data": b64encode(b"Subject: one\r\n\r\ntext\r\n").decode()}},
    }
)
HEADERS = {"authorization": f"AWS4-HMAC-SHA256 Credential={KEY}/20260101/eu-west-1/ses/aws4_request, Signature=0"}


def connect(server: SesServer) -> HTTPConnection:
    return HTTPConnection(urlsplit(server.url).netloc, timeout=10)


def send(connection: HTTPConnection) -> int:
    connection.request("POST", SEND_PATH, BODY, HEADERS)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def test_a_mail_tells_who_sent_it_when_and_that_the_answer_was_given(ses: SesServer) -> None:
    before = time.monotonic()
    connection = connect(ses)
    assert send(connection) == 200
    [mail] = ses.mails
    assert mail.access_key == KEY
    assert before <= mail.accepted_at <= time.monotonic()
    wait_until(lambda: mail.answered, seconds=10, what="the answer to be noted")
    connection.close()


def test_a_request_without_a_key_is_refused(ses: SesServer) -> None:
    connection = connect(ses)
    connection.request("POST", SEND_PATH, BODY, {"authorization": "Bearer re_1"})
    assert connection.getresponse().status == 403
    assert ses.mails == []
    connection.close()


def test_an_answer_that_is_withheld_is_not_noted_as_given(ses: SesServer) -> None:
    ses.script(Behaviour.DROP_AFTER)
    connection = connect(ses)
    with pytest.raises(RemoteDisconnected):
        send(connection)
    [mail] = ses.mails
    assert not mail.answered
    connection.close()


def test_an_answer_to_a_client_that_has_gone_is_not_noted_as_given(ses: SesServer) -> None:
    ses.latency_seconds = 0.3
    connection = connect(ses)
    connection.request("POST", SEND_PATH, BODY, HEADERS)
    connection.close()
    wait_until(lambda: bool(ses.mails), seconds=10, what="the mail")
    # The next answer on another connection comes after the first one's fate is sealed.
    other = connect(ses)
    assert send(other) == 200
    assert [mail.answered for mail in ses.mails[:1]] == [False]
    other.close()


def test_a_client_that_is_left_hanging_is_noticed_leaving(ses: SesServer) -> None:
    ses.script(Behaviour.HANG)
    connection = connect(ses)
    connection.request("POST", SEND_PATH, BODY, HEADERS)
    assert connection.sock is not None
    connection.sock.settimeout(0.2)
    with pytest.raises(TimeoutError):
        connection.sock.recv(1)
    assert ses.count_connections() == 1
    connection.sock.shutdown(socket.SHUT_RDWR)
    connection.close()
    wait_until(lambda: ses.count_connections() == 0, seconds=10, what="the server to let go")
