from uuid import uuid4

import pytest

from postroom_domain.webhook_signatures import message_id, parse_message_id


def test_an_id_is_read_as_it_was_made() -> None:
    delivery_id = uuid4()
    assert message_id(delivery_id) == f"msg_{delivery_id.hex}"
    assert parse_message_id(message_id(delivery_id)) == delivery_id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "msg_",
        str(uuid4()),
        uuid4().hex,
        f"msg_{uuid4()}",
        f"MSG_{uuid4().hex}",
        "msg_" + "A" * 32,
        "msg_" + "0" * 33,
    ],
)
def test_what_nobody_made_names_nothing(text: str) -> None:
    assert parse_message_id(text) is None
