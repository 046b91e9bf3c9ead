"""What deliveries tell, read with their events and emails."""

from uuid import UUID, uuid4

from sqlalchemy import delete, select

from postroom_database.engine import Database
from postroom_database.models import Email, Event, WebhookDelivery
from postroom_database.repositories import timelines, webhook_deliveries
from postroom_database.repositories.timelines import NewEvent
from postroom_testing.drafts import draft, store
from postroom_testing.webhooks import add_webhook


def deliveries(database: Database) -> dict[str, UUID]:
    with database.read() as connection:
        rows = connection.execute(select(WebhookDelivery.type, WebhookDelivery.id))
        return {row.type: row.id for row in rows}


def test_an_event_is_read_with_its_email(database: Database) -> None:
    email = draft(headers={"X-Tags": "[]"}, tags=[{"name": "team", "value": "blue"}])
    store(database, email)
    add_webhook(database, email.workspace_id)
    with database.begin() as connection:
        happened = NewEvent("email.bounced", "to@example.com", {"bounceType": "Permanent"})
        timelines.append(connection, email.workspace_id, email.id, [happened])
        timelines.tell(connection, email.workspace_id, "domain.created", {"id": "1"})
    found = deliveries(database)
    with database.read() as connection:
        told = webhook_deliveries.told(connection, [*found.values(), uuid4()])
    assert told.keys() == set(found.values())
    bounced, created = told[found["email.bounced"]], told[found["domain.created"]]
    assert (bounced.event.email_id, bounced.event.address) == (email.id, "to@example.com")
    assert bounced.event.data == {"bounceType": "Permanent"}
    assert bounced.email is not None
    assert (bounced.email.sender, bounced.email.to) == ("Sender <from@example.com>", ["to@example.com"])
    assert (bounced.email.headers, bounced.email.tags) == ({"X-Tags": "[]"}, [{"name": "team", "value": "blue"}])
    assert bounced.email.created_at <= bounced.event.created_at
    assert bounced.request_id == "request-1"
    assert (created.event.email_id, created.event.data) == (None, {"id": "1"})
    assert (created.email, created.request_id) == (None, None)


def test_what_was_forgotten_is_left_out(database: Database) -> None:
    email = draft()
    store(database, email)
    add_webhook(database, email.workspace_id)
    with database.begin() as connection:
        timelines.append(connection, email.workspace_id, email.id, [NewEvent("email.sent")])
        connection.execute(delete(Email))
    found = deliveries(database)["email.sent"]
    with database.begin() as connection:
        told = webhook_deliveries.told(connection, [found])[found]
        assert (told.event.email_id, told.email, told.request_id) == (email.id, None, None)
        connection.execute(delete(Event))
        assert webhook_deliveries.told(connection, [found]) == {}
