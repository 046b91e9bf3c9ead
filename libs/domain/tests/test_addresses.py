import pytest

from postroom_domain.addresses import Mailbox, parse_mailbox
from postroom_domain.errors import InvalidAddress


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("ada@example.com", "", "ada@example.com"),
        ("  ada@example.com ", "", "ada@example.com"),
        ("<ada@example.com>", "", "ada@example.com"),
        ("Billing <billing@example.com>", "Billing", "billing@example.com"),
        ("Widgets, Inc. <hello@example.com>", "Widgets, Inc.", "hello@example.com"),
        ('"Say \\"hi\\", please" <hi@example.com>', 'Say "hi", please', "hi@example.com"),
        ("請求書 <seikyu@例え.jp>", "請求書", "seikyu@xn--r8jz45g.jp"),
        ("فواتير <bills@example.com>", "فواتير", "bills@example.com"),
        ("a < b <ab@example.com>", "a < b", "ab@example.com"),
        ("bounced+label@resend.dev", "", "bounced+label@resend.dev"),
        ("root@mail.test", "", "root@mail.test"),
        ("山田\u3000太郎 <to@example.com>", "山田\u3000太郎", "to@example.com"),
        ("=?utf-8?q?Widgets=2C_Inc=2E?= <to@example.com>", "Widgets, Inc.", "to@example.com"),
        ('"=?utf-8?q?quoted?=" <to@example.com>', "=?utf-8?q?quoted?=", "to@example.com"),
        ("Team \U0001f469\u200d\U0001f52c <to@example.com>", "Team \U0001f469\u200d\U0001f52c", "to@example.com"),
    ],
)
def test_reads_what_clients_write(text: str, name: str, address: str) -> None:
    assert parse_mailbox(text) == Mailbox(name, address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nobody",
        "@example.com",
        "ada@",
        "ada@localhost",
        "ada@example",
        "ada@example.com>",
        "ä@example.com",
        "ada@exa mple.com",
        "Ada\r\nBcc: x@example.com <ada@example.com>",
        "ada@example.com\r\n",
        "Ada\tB <ada@example.com>",
        "Ada\u2028B <ada@example.com>",
        "ada@[127.0.0.1]",
        "ada@example.com, bob@example.com",
        "x" * 1000 + "@example.com",
    ],
)
def test_refuses_what_mail_cannot_reach(text: str) -> None:
    with pytest.raises(InvalidAddress):
        parse_mailbox(text)


def test_knows_its_domain() -> None:
    assert parse_mailbox("a@sub.example.com").domain == "sub.example.com"
