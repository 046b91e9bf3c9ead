from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom_testing.certificate import make_certificate
from postroom_testing.server import free_port, wait_until
from postroom_testing.smtp import SmtpServer
from postroom_testing.transports import RAW, make_message
from postroom_transport.errors import TransportError
from postroom_transport.factory import open_transport
from postroom_transport.message import RecipientResult, Result, Transport, Verdict


@pytest.fixture
def transport(smtp_server: SmtpServer) -> Iterator[Transport]:
    opened = open_transport(smtp_server.mail_url(), timeout_seconds=10, inbox_store=None)
    yield opened
    opened.close()


def send_once(url: str, timeout_seconds: float = 10) -> RecipientResult:
    opened = open_transport(url, timeout_seconds=timeout_seconds, inbox_store=None)
    try:
        return opened.send(make_message()).recipients[0]
    finally:
        opened.close()


def verdicts(result: Result) -> list[Verdict]:
    return [recipient.verdict for recipient in result.recipients]


def test_each_recipient_has_its_own_verdict(smtp_server: SmtpServer, transport: Transport) -> None:
    smtp_server.replies["gone@receiver.example"] = "550 5.1.1 no such user"
    smtp_server.replies["full@receiver.example"] = "452 4.2.2 mailbox full"
    result = transport.send(make_message("b@receiver.example", "gone@receiver.example", "full@receiver.example"))
    assert verdicts(result) == [Verdict.SENT, Verdict.PERMANENT, Verdict.TRANSIENT]
    assert [r.reason for r in result.recipients] == ["", "550 5.1.1 no such user", "452 4.2.2 mailbox full"]
    assert smtp_server.mails[0].recipients == ("b@receiver.example",)


def test_all_recipients_refused_sends_nothing(smtp_server: SmtpServer, transport: Transport) -> None:
    smtp_server.replies["b@receiver.example"] = "550 5.1.1 no such user"
    result = transport.send(make_message())
    assert verdicts(result) == [Verdict.PERMANENT]
    assert result.message_id is None
    del smtp_server.replies["b@receiver.example"]
    assert verdicts(transport.send(make_message())) == [Verdict.SENT]
    assert smtp_server.sessions == 1


@pytest.mark.parametrize(("reply", "verdict"), [("451 4.3.0 busy", "TRANSIENT"), ("554 5.6.0 spam", "PERMANENT")])
def test_refusal_of_the_body(smtp_server: SmtpServer, transport: Transport, reply: str, verdict: str) -> None:
    smtp_server.replies["DATA"] = reply
    smtp_server.replies["gone@receiver.example"] = "550 5.1.1 no such user"
    result = transport.send(make_message("b@receiver.example", "gone@receiver.example"))
    assert verdicts(result) == [Verdict[verdict], Verdict.PERMANENT]
    assert result.recipients[0].reason == reply


def test_connection_is_used_again(smtp_server: SmtpServer, transport: Transport) -> None:
    for _ in range(5):
        transport.send(make_message())
    assert len(smtp_server.mails) == 5
    assert smtp_server.sessions == 1


def test_stale_connection_is_replaced_without_doubling(smtp_server: SmtpServer, transport: Transport) -> None:
    transport.send(make_message())
    smtp_server.hang_up()
    wait_until(lambda: smtp_server.count_live() == 0, seconds=10, what="the server to hang up")
    assert verdicts(transport.send(make_message())) == [Verdict.SENT]
    assert len(smtp_server.mails) == 2
    assert smtp_server.sessions == 2


def test_connection_cut_before_the_body_is_transient(smtp_server: SmtpServer, transport: Transport) -> None:
    smtp_server.drops.add("MAIL")
    assert verdicts(transport.send(make_message())) == [Verdict.TRANSIENT]
    smtp_server.drops.clear()
    assert verdicts(transport.send(make_message())) == [Verdict.SENT]


def test_connection_cut_in_the_body_is_transient(smtp_server: SmtpServer, transport: Transport) -> None:
    smtp_server.drops.add("BODY")
    raw = b"Subject: large\r\n\r\n" + (b"x" * 900 + b"\r\n") * 30_000
    assert verdicts(transport.send(make_message(raw=raw))) == [Verdict.TRANSIENT]
    assert smtp_server.mails == []


def test_time_out_after_the_final_dot_is_unknown(smtp_server: SmtpServer) -> None:
    smtp_server.silences.add("DATA")
    assert send_once(smtp_server.mail_url(), timeout_seconds=1).verdict is Verdict.UNKNOWN
    assert len(smtp_server.mails) == 1


def test_refused_recipient_stays_refused_when_the_answer_is_lost(smtp_server: SmtpServer, transport: Transport) -> None:
    smtp_server.drops.add("DATA")
    smtp_server.replies["gone@receiver.example"] = "550 5.1.1 no such user"
    result = transport.send(make_message("b@receiver.example", "gone@receiver.example"))
    assert verdicts(result) == [Verdict.UNKNOWN, Verdict.PERMANENT]


def test_nothing_listens_is_transient() -> None:
    assert send_once(f"smtp://127.0.0.1:{free_port()}").verdict is Verdict.TRANSIENT


def test_message_id_is_the_one_in_the_header(transport: Transport) -> None:
    folded = RAW.replace(b"Message-ID: <", b"message-id:\r\n <")
    assert transport.send(make_message()).message_id == "<1@sender.example>"
    assert transport.send(make_message(raw=folded)).message_id == "<1@sender.example>"


def test_required_encryption_that_is_not_offered_is_transient(smtp_server: SmtpServer) -> None:
    result = send_once(smtp_server.mail_url(tls="required"))
    assert result.verdict is Verdict.TRANSIENT
    assert "STARTTLS" in result.reason
    assert smtp_server.mails == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "smtps"])
def test_encrypts_and_logs_in(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, *, implicit: bool
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    login = ("user@sender.example", "p:a/s s%")
    with SmtpServer(certificate=certificate, implicit_tls=implicit, login=login) as server:
        url = server.mail_url(host="localhost", tls=None if implicit else "required")
        assert send_once(url).verdict is Verdict.SENT
        assert server.mails[0].raw == RAW


def test_wrong_password_is_transient_and_stays_secret(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with SmtpServer(certificate=certificate, login=("user", "right")) as server:
        url = server.mail_url(host="localhost").replace("right", "wrong-secret")
        result = send_once(url)
        assert result.verdict is Verdict.TRANSIENT
        assert result.reason.startswith("535")
        assert "wrong-secret" not in result.reason
        opened = open_transport(url, timeout_seconds=10, inbox_store=None)
        with pytest.raises(TransportError, match="535"):
            opened.check()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_unknown_certificate_is_not_accepted(certificate: tuple[Path, Path], host: str) -> None:
    with SmtpServer(certificate=certificate) as server:
        result = send_once(server.mail_url(host=host))
        assert result.verdict is Verdict.TRANSIENT
        assert "CERTIFICATE_VERIFY_FAILED" in result.reason
        assert server.mails == []


def test_password_is_not_sent_in_clear_unless_told_to() -> None:
    with SmtpServer(login=("user", "right")) as server:
        result = send_once(server.mail_url(tls="opportunistic"))
        assert result.verdict is Verdict.TRANSIENT
        assert "tls=off" in result.reason
        assert send_once(server.mail_url(tls="off")).verdict is Verdict.SENT
