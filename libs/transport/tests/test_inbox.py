import pytest

from postroom_testing.transports import MemoryStore, make_message
from postroom_transport.inbox import InboxTransport
from postroom_transport.message import Verdict


@pytest.mark.parametrize(
    ("address", "types"),
    [
        ("someone@receiver.example", ["delivered"]),
        ("delivered@resend.dev", ["delivered"]),
        ("delivered+signup@resend.dev", ["delivered"]),
        ("bounced@resend.dev", ["bounced"]),
        ("Bounced+42@Resend.dev", ["bounced"]),
        ("complained@resend.dev", ["delivered", "complained"]),
        ("complained+x@resend.dev", ["delivered", "complained"]),
        ("success@simulator.amazonses.com", ["delivered"]),
        ("ooto@simulator.amazonses.com", ["delivered"]),
        ("bounce@simulator.amazonses.com", ["bounced"]),
        ("bounce+label@simulator.amazonses.com", ["bounced"]),
        ("complaint@simulator.amazonses.com", ["delivered", "complained"]),
        ("suppressionlist@simulator.amazonses.com", ["bounced"]),
        ("bounced@other.example", ["delivered"]),
    ],
)
def test_test_addresses_behave_as_documented(address: str, types: list[str]) -> None:
    result = InboxTransport(MemoryStore()).send(make_message(address))
    assert [happening.type for happening in result.happenings] == types
    assert {happening.address for happening in result.happenings} == {address}
    assert result.recipients[0].verdict is Verdict.SENT


def test_bounces_say_why() -> None:
    message = make_message("bounced@resend.dev", "suppressionlist@simulator.amazonses.com")
    hard, refused = InboxTransport(MemoryStore()).send(message).happenings
    assert hard.data["bounceType"] == "Permanent"
    assert hard.data["bounceSubType"] == "General"
    assert "550 5.1.1" in str(hard.data["diagnosticCode"])
    assert refused.data["bounceSubType"] == "OnAccountSuppressionList"


def test_one_call_saves_one_message() -> None:
    store = MemoryStore()
    result = InboxTransport(store).send(
        make_message("a@receiver.example", "bounced@resend.dev", "complained@resend.dev")
    )
    assert len(store.mails) == 1
    assert [happening.type for happening in result.happenings] == [
        "delivered",
        "bounced",
        "delivered",
        "complained",
    ]
