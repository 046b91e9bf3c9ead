"""Verified with the verifiers that clients use."""

import time
from collections.abc import Callable

import pytest
import resend
import standardwebhooks
import svix

from postroom_domain.webhook_signatures import new_secret, sign

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


VERIFIERS = [with_svix, with_standard_webhooks, with_resend]


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
