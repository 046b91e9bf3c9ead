"""Messages of SNS at the hook, and emails that they are about."""

from collections.abc import Callable
from ipaddress import ip_network
from typing import Any
from uuid import UUID, uuid4

from litestar import Router
from sqlalchemy import update

from postroom_api.routes.hooks import hook_routes
from postroom_api.ses_hook import SesHook
from postroom_api_testing.exchange import Answer
from postroom_api_testing.running import MAIL, RunningApi
from postroom_database.engine import Database
from postroom_database.models import Email
from postroom_database.repositories import deliveries, timelines
from postroom_database.repositories.deliveries import Outcome, RecipientOutcome
from postroom_database.types import AnyRow
from postroom_domain.sns_topics import parse_topic
from postroom_domain.states import State
from postroom_egress.fetch import Egress
from postroom_testing.ses_messages import AcceptedMail
from postroom_testing.sns import TOPIC_ARN, SnsServer, encode

PATH = "/hooks/ses"
ONE = "one@example.com"


def hooks_of(origin: str | None, *, egress: Egress | None = None) -> Callable[[Database], Router]:
    """The hook for the topic of an SNS at an origin; None: where AWS has it. It reaches loopback, if not told else."""
    reaches = egress or Egress([ip_network("127.0.0.0/8")], 5)
    topics = [parse_topic(TOPIC_ARN, origin=origin)]
    return lambda database: hook_routes(SesHook(database, reaches, topics))


def post(api: RunningApi, message: dict[str, str] | bytes, headers: dict[str, str] | None = None) -> Answer:
    """Post a message as SNS does."""
    body = message if isinstance(message, bytes) else encode(message)
    sent = {"content-type": "text/plain; charset=UTF-8"} | (headers or {})
    return api.request("POST", PATH, body, token=None, headers=sent)


def take(api: RunningApi, sns: SnsServer, text: str, **options: Any) -> str:
    """Post a good message; what became of it. Raises AssertionError when it was not taken."""
    answer = post(api, sns.notification(text, **options))
    if answer.status != 200:  # noqa: PLR2004 - HTTP's own number
        raise AssertionError(f"it was not taken: {answer}")
    result: str = answer.json()["result"]
    return result


def handed_over(email_id: UUID, *recipients: str) -> AcceptedMail:
    """What SES has of an email."""
    tags = {"postroom_email_id": str(email_id)}
    return AcceptedMail(f"0102{uuid4().hex}-000000", "from@example.com", recipients or (ONE,), b"", tags, "postroom")


def id_of(mail: AcceptedMail) -> UUID:
    return UUID(mail.tags["postroom_email_id"])


def unanswered(api: RunningApi, *to: str, **columns: Any) -> AcceptedMail:
    """A mail that SES has, and that the worker got no answer for; `columns` of the email are as given."""
    email_id = UUID(api.send(MAIL | {"to": list(to or (ONE,))}).json()["id"])
    with api.database.begin() as connection:
        held = deliveries.claim(connection, email_id, lease_seconds=60)
        if held is None:
            raise AssertionError("somebody else holds it")
        outcomes = tuple(RecipientOutcome(address, State.UNKNOWN, "no answer") for address in held.recipients)
        deliveries.finish(connection, held, Outcome(State.UNKNOWN, State.QUEUED, None, "no answer", 600, outcomes))
        if columns:
            connection.execute(update(Email).where(Email.id == email_id).values(**columns))
    return handed_over(email_id, *held.recipients)


def stored(api: RunningApi, mail: AcceptedMail) -> AnyRow:
    with api.database.read() as connection:
        found = timelines.email(connection, id_of(mail))
    if found is None:
        raise AssertionError("it is not stored")
    return found


def timeline(api: RunningApi, mail: AcceptedMail) -> list[tuple[str, str | None, Any]]:
    """Type, address and data of all events."""
    with api.database.read() as connection:
        return [(one.type, one.address, one.data) for one in timelines.events(connection, id_of(mail))]
