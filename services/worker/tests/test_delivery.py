import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from typing import Any

import pytest
from loguru import logger

from postroom_database.engine import Database
from postroom_database.repositories import contents
from postroom_domain.ids import new_id
from postroom_egress.fetch import Egress
from postroom_testing.drafts import Bytes, attachment, draft, store
from postroom_testing.files import FileServer
from postroom_testing.ses import SesServer
from postroom_testing.ses_messages import Behaviour
from postroom_transport.factory import open_transport
from postroom_transport.message import Message, RecipientResult, Result, Verdict
from postroom_worker import letters
from postroom_worker.delivery import Delivery
from postroom_worker.letters import Letters
from postroom_worker_testing.deliverer import CALL_SECONDS, Deliverer, make_due


@pytest.fixture
def deliverer(database: Database, ses: SesServer) -> Iterator[Deliverer]:
    transport = open_transport(ses.mail_url(), timeout_seconds=CALL_SECONDS, inbox_store=None)
    yield Deliverer(database, transport)
    transport.close()


def test_an_email_is_sent_once_however_often_it_is_hinted(deliverer: Deliverer, ses: SesServer) -> None:
    one = draft(cc=["c@example.com"], bcc=["blind@example.com", "C <c@example.com>"])
    store(deliverer.database, one)
    delivery = deliverer.make()
    threads = [threading.Thread(target=delivery.deliver, args=(one.id,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    delivery.deliver(new_id())
    [mail] = ses.mails
    assert mail.recipients == ("to@example.com", "c@example.com", "blind@example.com")
    assert mail.tags == {"postroom_email_id": str(one.id)}
    assert b"blind@example.com" not in mail.raw
    row = deliverer.row(one.id)
    assert (row.state, row.last_event, row.attempts, row.reason) == ("sent", "sent", 1, None)
    assert row.message_id == mail.message_id
    assert deliverer.events(one.id) == [("email.sent", None)]


def test_a_throttle_is_tried_again_and_never_fails_an_email(deliverer: Deliverer, ses: SesServer) -> None:
    one = draft()
    store(deliverer.database, one)
    ses.script(Behaviour.THROTTLE)
    delivery = deliverer.make()
    delivery.deliver(one.id)
    row = deliverer.row(one.id)
    assert (row.state, row.last_event, row.hinted_at, row.lease_token) == ("queued", "queued", None, None)
    assert row.due_at > datetime.now(UTC) - timedelta(seconds=1)
    assert "Maximum sending rate" in row.reason
    make_due(deliverer.database, one.id)
    delivery.deliver(one.id)
    assert (deliverer.row(one.id).state, deliverer.row(one.id).attempts) == ("sent", 2)
    assert len(ses.mails) == 1


def test_a_refusal_ends_it_and_says_why(deliverer: Deliverer, ses: SesServer) -> None:
    one = draft()
    store(deliverer.database, one)
    ses.script(Behaviour.REJECT)
    deliverer.make().deliver(one.id)
    row = deliverer.row(one.id)
    assert (row.state, row.last_event) == ("failed", "failed")
    assert "virus" in row.reason
    assert deliverer.events(one.id) == [("email.failed", "to@example.com")]


@pytest.mark.parametrize("behaviour", [Behaviour.HANG_AFTER, Behaviour.DROP_AFTER, Behaviour.HANG])
def test_no_answer_is_unknown_and_the_provider_was_asked_once(
    deliverer: Deliverer, ses: SesServer, behaviour: Behaviour
) -> None:
    one = draft()
    store(deliverer.database, one)
    ses.script(behaviour)
    deliverer.make().deliver(one.id)
    row = deliverer.row(one.id)
    assert (row.state, row.last_event) == ("unknown", "queued")
    assert ses.count_sends() == 1
    assert row.due_at > datetime.now(UTC) + timedelta(seconds=200)


def test_an_attachment_is_fetched_when_it_is_sent(deliverer: Deliverer, ses: SesServer) -> None:
    with FileServer({"/report.pdf": b"%PDF-1.7 real"}) as files:
        one = draft(
            attachments=(
                attachment(None, filename="report.pdf", content_type="application/pdf", path=f"{files.url}/report.pdf"),
                attachment(Bytes(b"stored")),
            )
        )
        store(deliverer.database, one)
        deliverer.make().deliver(one.id)
    parts = {part.get_filename(): part for part in message_from_bytes(ses.mails[0].raw).walk()}
    assert parts["report.pdf"].get_payload(decode=True) == b"%PDF-1.7 real"
    assert parts["a.bin"].get_payload(decode=True) == b"stored"


def test_an_attachment_that_is_gone_fails_and_one_that_is_away_waits(deliverer: Deliverer, ses: SesServer) -> None:
    with FileServer({}) as files:
        gone = draft(attachments=(attachment(None, path=f"{files.url}/none"),))
        store(deliverer.database, gone)
        deliverer.make().deliver(gone.id)
    away = draft(attachments=(attachment(None, path=f"{files.url}/none"),))
    store(deliverer.database, away)
    deliverer.make().deliver(away.id)
    assert (deliverer.row(gone.id).state, deliverer.row(away.id).state) == ("failed", "queued")
    assert "attachment" in deliverer.row(gone.id).reason
    assert ses.count_sends() == 0


def test_an_address_inside_the_network_is_not_fetched(deliverer: Deliverer, ses: SesServer) -> None:
    with FileServer({"/x": b"secret"}) as files:
        one = draft(attachments=(attachment(None, path=f"{files.url}/x"),))
        store(deliverer.database, one)
        egress = Egress(allow=[], timeout_seconds=2)
        Delivery(
            deliverer.database,
            deliverer.transport,
            Letters(deliverer.database, egress),
            deliverer.rules,
            lease_seconds=30,
            call_seconds=CALL_SECONDS,
        ).deliver(one.id)
        assert files.requests == []
    assert deliverer.row(one.id).state == "failed"
    assert ses.count_sends() == 0


def test_a_message_above_the_limit_fails_without_a_call(deliverer: Deliverer, ses: SesServer) -> None:
    one = draft(attachments=tuple(attachment(Bytes(b"x" * 10_000_000)) for _ in range(4)))
    store(deliverer.database, one)
    deliverer.make().deliver(one.id)
    row = deliverer.row(one.id)
    assert (row.state, row.reason) == ("failed", "the rendered message is larger than the transport takes")
    assert ses.count_sends() == 0


# PyMySQL leaves a socket open that it could not connect; it is closed when it is collected, which warns.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_database_that_goes_away_while_sending_is_waited_for(
    deliverer: Deliverer, ses: SesServer, mariadb: Any
) -> None:
    one = draft()
    store(deliverer.database, one)
    ses.latency_seconds = 0.5
    thread = threading.Thread(target=deliverer.make().deliver, args=(one.id,))
    thread.start()
    deadline = time.monotonic() + 5
    while ses.count_sends() == 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    mariadb.stop()
    time.sleep(1)
    mariadb.start()
    thread.join(20)
    assert deliverer.row(one.id).state == "sent"
    assert len(ses.mails) == 1


HTML = '<p>Hello</p><p>See <a href="https://example.com/x">the page</a></p>'


@pytest.mark.parametrize(
    ("text", "html", "expected"),
    [
        (
            None,
            HTML,
            {"text/plain": b"Hello\r\n\r\nSee the page (https://example.com/x)\r\n", "text/html": HTML.encode()},
        ),
        (b"", HTML, {"text/html": HTML.encode()}),
        (b"mine", HTML, {"text/plain": b"mine", "text/html": HTML.encode()}),
        (b"mine", "", {"text/plain": b"mine"}),
        (b"mine", None, {"text/plain": b"mine"}),
        (None, "<img src='x'>", {"text/html": b"<img src='x'>"}),
    ],
)
def test_html_goes_out_with_a_text_unless_an_empty_one_was_sent(
    deliverer: Deliverer, ses: SesServer, text: bytes | None, html: str | None, expected: dict[str, bytes]
) -> None:
    one = draft(
        text=None if text is None else Bytes(text, piece=3),
        html=None if html is None else Bytes(html.encode()),
    )
    store(deliverer.database, one)
    deliverer.make().deliver(one.id)
    assert parts(ses.mails[0].raw) == expected
    with deliverer.database.read() as connection:
        assert contents.load(connection, one.id, contents.TEXT_PART) == text


def test_a_text_that_cannot_be_made_is_left_away(
    deliverer: Deliverer, ses: SesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_html: str) -> str:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(letters, "plain_text", fail)
    said: list[str] = []
    sink = logger.add(lambda line: said.append(line.record["message"]), level="ERROR")
    one = draft(text=None, html=Bytes(HTML.encode()))
    store(deliverer.database, one)
    try:
        deliverer.make().deliver(one.id)
    finally:
        logger.remove(sink)
    assert said == ["text.making_failed"]
    assert parts(ses.mails[0].raw) == {"text/html": HTML.encode()}


class SmallTransport:
    """Takes as much as the HTML alone needs."""

    name = "small"
    max_bytes = 40_000
    settles = False

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, message: Message) -> Result:
        self.sent.append(message.raw)
        return Result("1", tuple(RecipientResult(address, Verdict.SENT) for address in message.recipients))

    def check(self) -> str:
        return ""

    def close(self) -> None:
        pass


def test_a_text_of_ours_never_makes_an_email_too_large(database: Database) -> None:
    transport = SmallTransport()
    deliverer = Deliverer(database, transport)
    html = b"<p>" + b"word " * 6_000
    for own_text, state in ((None, "sent"), (Bytes(b"word " * 6_000), "failed")):
        one = draft(text=own_text, html=Bytes(html))
        store(database, one)
        deliverer.make().deliver(one.id)
        assert deliverer.row(one.id).state == state
    [raw] = transport.sent
    assert set(parts(raw)) == {"text/html"}


class BrokenTransport:
    name = "broken"
    settles = False
    max_bytes = 10**9

    def send(self, message: Message) -> Result:  # noqa: ARG002 - the Protocol's signature
        raise RuntimeError("a fault of ours")

    def check(self) -> str:
        return ""

    def close(self) -> None:
        pass


def test_a_fault_in_a_transport_is_unknown_and_does_not_escape(database: Database) -> None:
    deliverer = Deliverer(database, BrokenTransport())
    one = draft()
    store(database, one)
    deliverer.make().deliver(one.id)
    assert deliverer.row(one.id).state == "unknown"


def test_hints_that_were_not_begun_are_left_to_others(deliverer: Deliverer) -> None:
    one = draft()
    store(deliverer.database, one)
    assert deliverer.row(one.id).hinted_at is not None
    deliverer.make().leave([one.id])
    assert deliverer.row(one.id).hinted_at is None


def parts(raw: bytes) -> dict[str, Any]:
    message = message_from_bytes(raw)
    leaves = [part for part in message.walk() if not part.is_multipart()]
    assert (message.get_content_type() == "multipart/alternative") is (len(leaves) > 1)
    return {part.get_content_type(): part.get_payload(decode=True) for part in leaves}
