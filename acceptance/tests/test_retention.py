"""Mail goes out while the scheduler forgets a large table, about as fast as without."""

import json
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from postroom_acceptance.stack import Stack
from postroom_database.engine import Database
from postroom_migrations.migrate import migrate
from postroom_testing.server import wait_until
from postroom_testing.ses import SesServer

OLD = 100_000
MAILS = 2_000
FILL = (
    """
    INSERT INTO emails (id, workspace_id, state, last_event, lane, sender, to_list, subject, request_id, due_at)
    SELECT UNHEX(LPAD(HEX(seq), 32, '0')), UNHEX(REPEAT('0', 32)), 'sent', 'delivered', 'bulk', 'a@example.com',
           '["to@example.com"]', 's', 'r', UTC_TIMESTAMP(6) - INTERVAL 100 DAY + INTERVAL seq SECOND
    FROM seq_1_to_{old}
    """,
    """
    INSERT INTO content_chunks (email_id, part, seq, data)
    SELECT UNHEX(LPAD(HEX(seq), 32, '0')), 1, 0, REPEAT('<p>text</p>', 200) FROM seq_1_to_{old}
    """,
    """
    INSERT INTO recipients (email_id, address, state)
    SELECT UNHEX(LPAD(HEX(seq), 32, '0')), 'to@example.com', 'delivered' FROM seq_1_to_{old}
    """,
    """
    INSERT INTO events (id, workspace_id, email_id, type)
    SELECT UNHEX(LPAD(HEX(seq), 32, '0')), UNHEX(REPEAT('0', 32)), UNHEX(LPAD(HEX(FLOOR(seq / 2)), 32, '0')),
           'email.sent' FROM seq_1_to_{events}
    """,
)


@pytest.fixture
def old_mail(mariadb_url: str) -> Iterator[Database]:
    database = Database(mariadb_url, pool_size=2, timeout_seconds=120)
    migrate(database)
    with database.begin() as connection:
        for fill in FILL:
            connection.execute(text(fill.format(old=OLD, events=2 * OLD)))
    yield database
    database.close()


def count_old(database: Database) -> int:
    with database.read() as connection:
        return int(
            connection.execute(
                text("SELECT COUNT(*) FROM emails WHERE lane = 'bulk' AND request_id = 'r'")
            ).scalar_one()
        )


def rate(stack: Stack, key: str, server: SesServer) -> float:
    """Mails a second, from the first request until the provider has the last one."""
    server.mails.clear()
    mail = {"from": "from@example.com", "to": "to@example.com", "subject": "news", "text": "text"}
    begun = time.monotonic()
    for _ in range(MAILS // 100):
        request = urllib.request.Request(  # noqa: S310 - the stack's own address
            f"{stack.url}/emails/batch", json.dumps([mail] * 100).encode(), {"authorization": f"Bearer {key}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - likewise
            assert answer.status == 200
    wait_until(lambda: len(server.mails) >= MAILS, seconds=120, what="all mail to arrive")
    return MAILS / (time.monotonic() - begun)


def test_mail_goes_out_while_a_large_table_is_forgotten(
    old_mail: Database,
    mariadb_url: str,
    redis_url: str,
    ses_server: SesServer,
    ses_environment: tuple[Any, dict[str, str]],
) -> None:
    environment = ses_environment[1] | {"POSTROOM_DATABASE_URL": mariadb_url, "POSTROOM_REDIS_URL": redis_url}
    forever = {"POSTROOM_KEEP_BODIES_DAYS": "0", "POSTROOM_KEEP_EMAILS_DAYS": "0"}
    rates, left = {}, {}
    for name, changes in (("kept", forever), ("forgotten", {})):
        with Stack(environment | changes) as stack:
            key = stack.new_key("one")
            if name == "forgotten":
                wait_until(lambda: count_old(old_mail) < OLD, seconds=60, what="retention to begin")
            before = count_old(old_mail)
            rates[name] = rate(stack, key, ses_server)
            left[name] = count_old(old_mail)
            if name == "forgotten":
                assert 0 < left[name] < before
    assert left["kept"] == OLD
    ratio = rates["forgotten"] / rates["kept"]
    print(f"{rates} mails/s, ratio {ratio:.2f}; forgotten meanwhile: {OLD - left['forgotten']}")  # noqa: T201 - the figure
    assert ratio > 0.5
