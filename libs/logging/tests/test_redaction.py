"""Planted secrets, in every place where one could be."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from postroom_logging.redaction import redact
from postroom_logging.values import clean_field

Run = Callable[..., list[dict[str, Any]]]

API_KEY = "re_123456789AbCdEf"
AWS_KEY = "AKIAIOSFODNN7EXAMPLE"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("mail to bob.smith+x@mail.example.com bounced", "bob.smith"),
        ("<bob@example.com>", "bob"),
        ("'bob@example.com'", "bob"),
        ("bøb@exämple.com", "bøb"),
        ("GET /inbox?to=bob%40example.com", "bob"),
        (f"key {API_KEY} is revoked", "123456789"),
        (f"Authorization: Bearer {API_KEY}", "123456789"),
        ("Authorization: Basic aGlkZGVuOmg0ZGRlbg==", "aGlkZGVu"),
        ("{'Authorization': b'AWS4-HMAC-SHA256 Credential=AKI/x, Signature=h4dden'}", "h4dden"),
        ("Bearer h4dden.h4dden", "h4dden"),
        ("whsec_h4ddenh4dden+/=", "h4dden"),
        ("mysql+pymysql://root:h4dden@db:3306/x refused", "h4dden"),
        ("redis://:h4dden@cache/0", "h4dden"),
        ("mysql://u:h4d/den@cache/0", "h4d/den"),
        ("mysql://u:h4d@den@cache/0", "den"),
        (f"{AWS_KEY} is not authorized", "IOSFODNN7"),
        ("AWS_SECRET_ACCESS_KEY=h4dden", "h4dden"),
        ("password: 'h4dden words'", "h4dden words"),
        ('{"password": "h4dden words"}', "h4dden words"),
        ("token=h4dden&x=1", "h4dden"),
        ("https://x/y?X-Amz-Security-Token=h4dden&x=1", "h4dden"),
        ("https://x/y?X-Amz-Signature=h4dden", "h4dden"),
        ("api_key=h4dden", "h4dden"),
        ("Cookie: session=h4dden; other=h4dden", "h4dden"),
        ("Subject: h4dden words h4dden", "h4dden"),
        ("subject='h4dden words'", "h4dden"),
        ("(1062, \"Duplicate entry 'h4dden' for key 'x'\")", "h4dden"),
        ("[SQL: INSERT INTO t VALUES (?)]\n[parameters: ('h4dden', 'a]b')]\n(Background on", "h4dden"),
        ("[SQL: INSERT]\n[parameters: {'a': 'h4dden'}]", "h4dden"),
        ("body: " + "QUJD" * 40, "QUJDQUJD"),
    ],
)
def test_what_looks_private_is_masked(text: str, hidden: str) -> None:
    masked = redact(text)
    assert hidden not in masked
    assert "***" in masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("see https://docs.example.com/a or ask bob@example.com", "see https://docs.example.com/a or ask ***"),
        ("redis://u:h4dden@cache:6379/0 is away", "redis://***@cache:6379/0 is away"),
        ("key re_123456789AbCdEf is revoked", "key re_*** is revoked"),
        ("token=h4dden, count=3", "token=***, count=3"),
    ],
)
def test_the_rest_of_the_text_stays(text: str, masked: str) -> None:
    assert redact(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "email.accepted",
        "0192f0c4-7a3e-7cc1-9f3e-0a1b2c3d4e5f",
        "the database does not answer",
        "https://docs.example.com/a/b?page=2",
        "550 5.1.1 mailbox unknown",
        "author: somebody, keyboard: none, secretary",
        "2026-01-02T03:04:05Z",
        "a" * 79,
        "sha256 " + "0123456789abcdef" * 4,
    ],
)
def test_what_is_not_private_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "key",
    ["to", "from", "To", "subject", "html", "text", "body", "address", "recipient", "recipients", "token", "key",
     "secret", "password", "authorization", "cookie", "api_key", "X-Api-Key", "Set-Cookie", "reply_to",
     "secret_access_key"],
)  # fmt: skip
def test_a_telling_key_masks_whatever_it_holds(key: str) -> None:
    assert clean_field(key, "h4dden") == "***"
    assert clean_field(key, ["h4dden"]) == "***"
    assert clean_field(key, 4711) == "***"
    assert clean_field("data", {"x": [{key: "h4dden"}]}) == {"x": [{key: "***"}]}


@pytest.mark.parametrize("key", ["email_id", "recipient_count", "reason", "tokenizer", "host", "keyboard"])
def test_other_keys_keep_their_values(key: str) -> None:
    assert clean_field(key, "shown") == "shown"


@pytest.mark.parametrize(
    "unit", ["a", "a@", "://", "key=", "re_", "'", "a.", "A", "[parameters: ", "Bearer ", "%40", "a-"]
)
def test_no_text_makes_the_search_slow(unit: str) -> None:
    text = unit * (8192 // len(unit))
    started = time.perf_counter()
    redact(text)
    assert time.perf_counter() - started < 1.0


def test_planted_secrets_reach_no_line(run: Run) -> None:
    lines = run(
        """
        import logging, threading, warnings
        secret = "bob@example.com re_123456789AbCdEf mysql://u:h4dden@db/x"
        logger.info(f"event {secret}", data=secret, nested={"a": [{"b": (secret,)}], secret: 1}, subject="h4dden")
        with logger.contextualize(to="bob", request_id=secret):
            logger.warning("a.b")
        logging.getLogger("some").error("failed for %s", secret)
        logging.getLogger(secret).error("x")
        warnings.warn(secret)
        class Thing:
            def __str__(self):
                return secret
        logger.info("a.b", thing=Thing(), things={Thing()})
        try:
            try:
                raise KeyError(secret)
            except KeyError as first:
                raise RuntimeError(secret) from first
        except RuntimeError:
            logger.exception("a.b")
        def crash():
            raise RuntimeError(secret)
        thread = threading.Thread(target=crash, name=secret)
        thread.start()
        thread.join()
        crash()
        """,
        exit_code=1,
    )
    assert [line["event"] for line in lines][1:] == [
        "a.b", "library.logged", "library.logged", "library.logged", "a.b", "a.b", "thread.crashed", "process.crashed"
    ]  # fmt: skip
    for line in lines:
        # A source line that a traceback or a warning quotes is code, not data: here it would name the secret.
        shown = str({name: value for name, value in line.items() if name != "traceback"})
        for hidden in ("bob", "example.com", "123456789", "h4dden"):
            assert hidden not in shown
            assert hidden not in line.get("traceback", "")
