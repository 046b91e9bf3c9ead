"""The program behind `make webhook-listen` with a real api. What a worker posts to it is posted here."""

import json
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import resend
import svix

from postroom_acceptance.stack import Stack
from postroom_acceptance.webhook_listener import WebhookListener
from postroom_domain.webhook_events import EVENT_TYPES
from postroom_testing.mariadb import MariaDb
from postroom_testing.redis import Redis
from postroom_testing.server import free_port, wait_until

PAYLOAD = {
    "type": "email.bounced",
    "created_at": "2026-11-24T15:16:17.123456+00:00",
    "data": {"to": ["bounced@resend.dev"]},
}


@pytest.fixture(scope="module")
def api(mariadb: MariaDb, redis_server: Redis) -> Iterator[tuple[str, str]]:
    """Where an api answers, and a key."""
    environment = {
        "POSTROOM_DATABASE_URL": mariadb.fresh_database(),
        "POSTROOM_REDIS_URL": redis_server.url,
        "POSTROOM_MAIL_URL": "inbox:",
        "POSTROOM_EGRESS_ALLOW": "127.0.0.0/8",
    }
    with Stack(environment, names=["api"]) as stack:
        yield stack.url, stack.new_key("one")


@pytest.fixture
def webhooks(api: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """The SDK's."""
    monkeypatch.setattr(resend, "api_url", api[0])
    monkeypatch.setattr(resend, "api_key", api[1])
    return resend.Webhooks


def post(url: str, secret: str, *, sent: dict[str, Any] = PAYLOAD) -> int:
    """Post a payload as svix signs it; the status."""
    body, now = json.dumps(sent), datetime.now(UTC)
    headers = {
        "svix-id": "msg_1",
        "svix-timestamp": str(int(now.timestamp())),
        "svix-signature": svix.Webhook(secret).sign("msg_1", now, body),
    }
    asked = urllib.request.Request(url, body.encode(), headers, method="POST")  # noqa: S310 - the listener's own
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 - likewise
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_a_webhook_while_it_runs(
    api: tuple[str, str], webhooks: Any, tmp_path: Path, number: signal.Signals
) -> None:
    with WebhookListener(tmp_path, *api) as listener:
        url, webhook_id = listener.wait_listening()
        found = webhooks.get(webhook_id)
        assert (found["endpoint"], found["status"]) == (url, "enabled")
        assert set(found["events"]) == EVENT_TYPES
        assert post(url, found["signing_secret"]) == 200
        listener.wait_said("email.bounced bounced@resend.dev msg_1")
        assert post(url, "whsec_" + "A" * 32) == 401
        assert "refused" in listener.stderr
        assert found["signing_secret"] not in listener.stdout + listener.stderr
        assert listener.interrupt(number) == 0
        assert listener.stdout.endswith("removed the webhook\n")
    assert webhooks.list()["data"] == []


def test_a_taken_port_is_said_before_anything_is_registered(
    api: tuple[str, str], webhooks: Any, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with WebhookListener(tmp_path, *api, WEBHOOK_PORT=str(port)) as listener:
            assert listener.wait() == 1
            assert listener.stderr == (
                f"postroom: port {port} is taken by another program; choose another with WEBHOOK_PORT\n"
            )
    assert webhooks.list()["data"] == []


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_that_is_none_is_a_wrong_configuration(api: tuple[str, str], tmp_path: Path, port: str) -> None:
    with WebhookListener(tmp_path, *api, WEBHOOK_PORT=port) as listener:
        assert listener.wait() == 78
        assert listener.stderr == "postroom: WEBHOOK_PORT: expected a whole number from 1 to 65535\n"


def test_a_key_that_opens_nothing_is_said(api: tuple[str, str], tmp_path: Path) -> None:
    with WebhookListener(tmp_path, api[0], "re_unknown") as listener:
        assert listener.wait() == 1
        assert listener.stderr == f"postroom: {api[0]} refused the webhook: API key is invalid.\n"


def test_nothing_that_answers_is_said(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with WebhookListener(tmp_path, url, "re_any") as listener:
        assert listener.wait() == 1
        assert listener.stderr.startswith(f"postroom: {url} refused the webhook: ")
        assert len(listener.stderr.splitlines()) == 1


def test_a_webhook_that_somebody_else_removed_is_no_trouble(
    api: tuple[str, str], webhooks: Any, tmp_path: Path
) -> None:
    with WebhookListener(tmp_path, *api) as listener:
        _, webhook_id = listener.wait_listening()
        webhooks.remove(webhook_id)
        assert (listener.interrupt(), listener.stderr) == (0, "")


def test_a_webhook_that_cannot_be_removed_is_named(
    api: tuple[str, str], webhooks: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = resend.ApiKeys.create({"name": "k"})
    with WebhookListener(tmp_path, api[0], key["token"]) as listener:
        _, webhook_id = listener.wait_listening()
        resend.ApiKeys.remove(key["id"])
        with monkeypatch.context() as with_that_key:
            with_that_key.setattr(resend, "api_key", key["token"])
            wait_until(lambda: is_refused(webhooks), seconds=10, what="the key to open nothing")
        assert listener.interrupt() == 1
        assert f"the webhook {webhook_id} stays behind" in listener.stderr
    webhooks.remove(webhook_id)


def is_refused(webhooks: Any) -> bool:
    try:
        webhooks.list()
    except resend.exceptions.ResendError:
        return True
    return False
