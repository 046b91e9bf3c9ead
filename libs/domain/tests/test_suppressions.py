import pytest

from postroom_domain.addresses import parse_mailbox
from postroom_domain.suppressions import Origin, origin_of, suppressed_form


@pytest.mark.parametrize(
    "text",
    ["ada+x@xn--r8jz45g.jp", "ADA+x@例え.JP", "Ada <Ada+X@例え.jp>", "<ada+X@XN--R8JZ45G.jp>"],
)
def test_an_address_has_one_form_however_it_is_written(text: str) -> None:
    assert suppressed_form(parse_mailbox(text).address) == "ada+x@xn--r8jz45g.jp"


@pytest.mark.parametrize(
    ("happening", "data", "origin"),
    [
        ("bounced", {"bounceType": "Permanent", "bounceSubType": "General"}, Origin.BOUNCE),
        ("bounced", {"bounceType": "Transient", "bounceSubType": "MailboxFull"}, None),
        ("bounced", {"bounceType": "Undetermined"}, None),
        ("bounced", {}, None),
        ("complained", {"complaintFeedbackType": "abuse"}, Origin.COMPLAINT),
        ("complained", {}, Origin.COMPLAINT),
        ("delivered", {"bounceType": "Permanent"}, None),
        ("delivery_delayed", {}, None),
    ],
)
def test_only_hard_bounces_and_complaints_suppress(
    happening: str, data: dict[str, object], origin: Origin | None
) -> None:
    assert origin_of(happening, data) is origin
