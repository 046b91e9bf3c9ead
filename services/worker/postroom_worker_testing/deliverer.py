"""Delivery over a real database, and what it left there."""

from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from sqlalchemy import update

from postroom_database.engine import Database
from postroom_database.models import Email
from postroom_database.repositories import timelines
from postroom_database.types import Now
from postroom_egress.fetch import Egress
from postroom_transport.message import Transport
from postroom_worker.delivery import Delivery
from postroom_worker.letters import Letters
from postroom_worker.outcomes import RetryRules

CALL_SECONDS = 1.0


@dataclass
class Deliverer:
    database: Database
    transport: Transport
    lease_seconds: float = 30.0
    rules: RetryRules = field(default_factory=lambda: RetryRules(3600, 300))

    def make(self) -> Delivery:
        egress = Egress(allow=[ip_network("127.0.0.0/8")], timeout_seconds=2)
        return Delivery(
            self.database,
            self.transport,
            Letters(self.database, egress),
            self.rules,
            lease_seconds=self.lease_seconds,
            call_seconds=CALL_SECONDS,
        )

    def row(self, email_id: Any) -> Any:
        with self.database.read() as connection:
            return timelines.email(connection, email_id)

    def events(self, email_id: Any) -> list[tuple[str, str | None]]:
        with self.database.read() as connection:
            return [(event.type, event.address) for event in timelines.events(connection, email_id)]

    def states(self, email_id: Any) -> dict[str, str]:
        """Where each recipient stands."""
        with self.database.read() as connection:
            return {recipient.address: recipient.state for recipient in timelines.recipients(connection, email_id)}


def make_due(database: Database, email_id: Any) -> None:
    with database.begin() as connection:
        connection.execute(update(Email).where(Email.id == email_id).values(due_at=Now(-1)))
