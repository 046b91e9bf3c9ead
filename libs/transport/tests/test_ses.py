import socket
from uuid import uuid4

import pytest

from postroom_testing.ses import SesServer
from postroom_testing.ses_messages import Behaviour
from postroom_testing.transports import make_message
from postroom_transport.errors import TransportError
from postroom_transport.factory import open_transport
from postroom_transport.message import RecipientResult, Verdict


def send_once(url: str, timeout_seconds: float = 10) -> RecipientResult:
    transport = open_transport(url, timeout_seconds=timeout_seconds, inbox_store=None)
    try:
        return transport.send(make_message()).recipients[0]
    finally:
        transport.close()


@pytest.mark.parametrize(
    ("behaviour", "verdict", "name"),
    [
        (Behaviour.THROTTLE, Verdict.PARKED, "TooManyRequestsException"),
        (Behaviour.PAUSED, Verdict.PARKED, "SendingPausedException"),
        (Behaviour.SUSPENDED, Verdict.PARKED, "AccountSuspendedException"),
        (Behaviour.NOT_FOUND, Verdict.PARKED, "NotFoundException"),
        (Behaviour.FAIL, Verdict.TRANSIENT, "InternalFailure"),
        (Behaviour.REJECT, Verdict.PERMANENT, "MessageRejected"),
        (Behaviour.UNVERIFIED, Verdict.PERMANENT, "MailFromDomainNotVerifiedException"),
    ],
)
def test_each_error_of_ses_has_its_verdict(ses: SesServer, behaviour: Behaviour, verdict: Verdict, name: str) -> None:
    ses.script(behaviour)
    result = send_once(ses.mail_url())
    assert result.verdict is verdict
    assert result.reason.startswith(name)
    assert ses.count_sends() == 1


def test_bad_request_is_permanent(ses: SesServer) -> None:
    transport = open_transport(ses.mail_url(), timeout_seconds=10, inbox_store=None)
    result = transport.send(make_message(raw=b"no header end"))
    transport.close()
    assert result.recipients[0].verdict is Verdict.PERMANENT


@pytest.mark.parametrize("behaviour", [Behaviour.HANG, Behaviour.HANG_AFTER])
def test_time_out_is_unknown_after_one_request(ses: SesServer, behaviour: Behaviour) -> None:
    ses.always(behaviour)
    assert send_once(ses.mail_url(), timeout_seconds=0.5).verdict is Verdict.UNKNOWN
    assert ses.count_sends() == 1


@pytest.mark.parametrize("behaviour", [Behaviour.DROP, Behaviour.DROP_AFTER])
def test_lost_connection_is_unknown_after_one_request(ses: SesServer, behaviour: Behaviour) -> None:
    ses.always(behaviour)
    assert send_once(ses.mail_url()).verdict is Verdict.UNKNOWN
    assert ses.count_sends() == 1


def test_throttled_is_asked_once(ses: SesServer) -> None:
    ses.always(Behaviour.THROTTLE)
    send_once(ses.mail_url())
    assert ses.count_sends() == 1


def test_nothing_listens_is_transient(ses: SesServer) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"ses://eu-west-1?endpoint=http://127.0.0.1:{closed.getsockname()[1]}"
        assert send_once(url).verdict is Verdict.TRANSIENT


def test_no_credentials_is_transient(ses: SesServer, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/none")
    result = send_once(ses.mail_url())
    assert result.verdict is Verdict.TRANSIENT
    assert "NoCredentialsError" in result.reason
    assert ses.requests == []


def test_email_id_and_configuration_set_go_along(ses: SesServer) -> None:
    email_id = uuid4()
    transport = open_transport(ses.mail_url("postroom"), timeout_seconds=10, inbox_store=None)
    result = transport.send(make_message(email_id=email_id))
    transport.close()
    (mail,) = ses.mails
    assert mail.tags == {"postroom_email_id": str(email_id)}
    assert mail.configuration_set == "postroom"
    assert mail.message_id == result.message_id


def test_tag_goes_along_without_configuration_set(ses: SesServer) -> None:
    send_once(ses.mail_url(None))
    (mail,) = ses.mails
    assert mail.configuration_set is None
    assert list(mail.tags) == ["postroom_email_id"]


def check(url: str) -> str:
    transport = open_transport(url, timeout_seconds=10, inbox_store=None)
    try:
        return transport.check()
    finally:
        transport.close()


def test_check_tells_the_quota(ses: SesServer) -> None:
    line = check(ses.mail_url())
    assert "14/s, 0 of 50000 in 24 h; access: production; configuration set: postroom" in line


def test_check_names_an_absent_configuration_set_aloud(ses: SesServer) -> None:
    assert "configuration set: none" in check(ses.mail_url(None))


def test_check_finds_an_unknown_configuration_set(ses: SesServer) -> None:
    with pytest.raises(TransportError, match="typo"):
        check(ses.mail_url("typo"))


def test_check_finds_paused_sending(ses: SesServer) -> None:
    ses.sending_enabled = False
    with pytest.raises(TransportError, match="paused"):
        check(ses.mail_url())


def test_answer_that_is_none_of_ses_is_unknown(ses: SesServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postroom_testing.ses_http.json.dumps", lambda _body: "<html>")
    assert send_once(ses.mail_url()).verdict is Verdict.UNKNOWN
