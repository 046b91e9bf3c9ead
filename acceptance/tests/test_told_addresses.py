"""Webhooks as a newcomer tries them: the test addresses bounce and complain, and the listener is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import resend

from postroom_acceptance.stack import Stack
from postroom_acceptance.webhook_listener import WebhookListener
from postroom_testing.mariadb import MariaDb
from postroom_testing.redis import Redis
from postroom_testing.server import wait_until

_SECONDS = 60


@pytest.fixture(params=["mariadb", "sqlite"])
def stack(
    request: pytest.FixtureRequest, mariadb: MariaDb, redis_server: Redis, tmp_path: Path
) -> Iterator[tuple[Stack, str]]:
    """The three services as `make run` configures them, and a key."""
    redis_server.flush()
    database = mariadb.fresh_database() if request.param == "mariadb" else f"sqlite:///{tmp_path / 'postroom.db'}"
    environment = {
        "POSTROOM_DATABASE_URL": database,
        "POSTROOM_REDIS_URL": redis_server.url,
        "POSTROOM_MAIL_URL": "inbox:",
        "POSTROOM_EGRESS_ALLOW": "127.0.0.0/8,::1/128",
    }
    with Stack(environment) as running:
        yield running, running.new_key("one")


def test_test_addresses_are_told_of(stack: tuple[Stack, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running, key = stack
    monkeypatch.setattr(resend, "api_url", running.url)
    monkeypatch.setattr(resend, "api_key", key)
    with WebhookListener(tmp_path, running.url, key) as listener:
        _, webhook_id = listener.wait_listening()
        for to in ("delivered@resend.dev", "bounced@resend.dev", "complained@resend.dev"):
            resend.Emails.send({"from": "from@example.com", "to": [to], "subject": "s", "html": "<p>h</p>"})
        for line in (
            "email.delivered delivered@resend.dev msg_",
            "email.bounced bounced@resend.dev msg_",
            "email.complained complained@resend.dev msg_",
            "suppression.added bounced@resend.dev msg_",
        ):
            listener.wait_said(line)
        assert "refused" not in listener.stderr
        [event] = [one for one in resend.Webhooks.list_events(webhook_id)["data"] if one["type"] == "email.bounced"]
        wait_until(
            lambda: resend.Webhooks.get_event(webhook_id, event["id"])["status"] == "success",
            seconds=_SECONDS,
            what="the event to be shown as told",
        )
        [attempt] = resend.Webhooks.list_event_attempts(webhook_id, event["id"])["data"]
        assert attempt["http_status_code"] == 200
        said = listener.stdout.count(event["id"])
        resend.Webhooks.replay_event(webhook_id, event["id"])
        listener.wait_until(lambda: listener.stdout.count(event["id"]) == said + 1, "the replay")
        resend.Webhooks.rotate_signing_secret(webhook_id)
        # The listener holds the secret that it was given at first, which still signs as well.
        resend.Emails.send(
            {"from": "from@example.com", "to": ["delivered+2@resend.dev"], "subject": "s", "html": "<p>h</p>"}
        )
        listener.wait_said("email.delivered delivered+2@resend.dev msg_")
        assert "refused" not in listener.stderr
        assert listener.interrupt() == 0
