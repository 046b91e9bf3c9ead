"""Verified with the verifiers that clients use."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import resend
import standardwebhooks
import svix

from postroom_domain.webhook_signatures import InvalidSignature, new_secret, sign, verify

BODY = b'{"type":"email.sent","data":{"subject":"caf\xc3\xa9"}}'


def with_svix(secret: str, headers: dict[str, str]) -> None:
    svix.Webhook(secret).verify(BODY, headers)


def with_standard_webhooks(secret: str, headers: dict[str, str]) -> None:
    standardwebhooks.Webhook(secret).verify(
        BODY, {name.replace("svix", "webhook"): value for name, value in headers.items()}
    )


def with_resend(secret: str, headers: dict[str, str]) -> None:
    names = {"id": "svix-id", "timestamp": "svix-timestamp", "signature": "svix-signature"}
    resend.Webhooks.verify(
        {
            "payload": BODY.decode(),
            "headers": {name: headers[header] for name, header in names.items()},  # type: ignore[typeddict-item]  # by name
            "webhook_secret": secret,
        }
    )


def with_our_own(secret: str, headers: dict[str, str]) -> None:
    message_id, timestamp, signature = headers.values()
    verify(secret, message_id, timestamp, signature, BODY, now=time.time())


VERIFIERS = [with_svix, with_standard_webhooks, with_resend, with_our_own]


def headers(*secrets: str, at: int | None = None) -> dict[str, str]:
    timestamp = int(time.time()) if at is None else at
    return {
        "svix-id": "msg_1",
        "svix-timestamp": str(timestamp),
        "svix-signature": sign(secrets, "msg_1", timestamp, BODY),
    }


@pytest.mark.parametrize("verify", VERIFIERS)
def test_each_verifier_takes_it(verify: Callable[[str, dict[str, str]], None]) -> None:
    for _ in range(20):
        secret = new_secret()
        verify(secret, headers(secret))


@pytest.mark.parametrize("verify", VERIFIERS)
def test_both_secrets_of_a_rotation_verify(verify: Callable[[str, dict[str, str]], None]) -> None:
    new, old = new_secret(), new_secret()
    verify(new, headers(new, old))
    verify(old, headers(new, old))


@pytest.mark.parametrize("verify", VERIFIERS)
def test_another_secret_does_not_verify(verify: Callable[[str, dict[str, str]], None]) -> None:
    with pytest.raises(Exception, match=r"(?i)signature"):
        verify(new_secret(), headers(new_secret()))


def test_secrets_are_of_24_random_bytes() -> None:
    found = {new_secret() for _ in range(100)}
    assert len(found) == 100
    assert {len(secret) for secret in found} == {len("whsec_") + 32}


NOW = 1_800_000_000
SECRET = new_secret()


def check(
    *,
    secret: str = SECRET,
    body: bytes = BODY,
    message_id: str = "msg_1",
    timestamp: str = str(NOW),
    signature: str | None = None,
    now: float = NOW,
) -> None:
    """Verify a good request, with something of it changed."""
    right = sign([SECRET], "msg_1", NOW, BODY)
    verify(secret, message_id, timestamp, right if signature is None else signature, body, now=now)


@pytest.mark.parametrize("now", [NOW - 300, NOW, NOW + 300])
def test_five_minutes_are_tolerated(now: float) -> None:
    check(now=now)


@pytest.mark.parametrize("now", [NOW - 301, NOW + 301])
def test_an_old_request_is_refused_although_it_is_signed(now: float) -> None:
    with pytest.raises(InvalidSignature, match="300 seconds"):
        check(now=now)


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1e9", "\N{FULLWIDTH DIGIT ONE}", "9" * 13])
def test_a_timestamp_has_to_be_a_number(timestamp: str) -> None:
    with pytest.raises(InvalidSignature, match="no number"):
        check(timestamp=timestamp)


@pytest.mark.parametrize(
    "changed",
    [
        {"body": BODY + b" "},
        {"message_id": "msg_2"},
        {"message_id": ""},
        {"timestamp": str(NOW + 1)},
        {"secret": new_secret()},
        {"signature": ""},
        {"signature": "v1,"},
        {"signature": sign([SECRET], "msg_1", NOW, BODY).removeprefix("v1,")},
        {"signature": sign([SECRET], "msg_1", NOW, BODY).replace("v1", "v2")},
        {"signature": "é \udc80"},
    ],
)
def test_whatever_was_changed_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidSignature, match="no signature"):
        check(**changed)
