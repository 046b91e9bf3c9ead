"""Messages of SNS at the hook, and what is kept of them."""

from collections.abc import Callable
from ipaddress import ip_network
from typing import Any
from uuid import uuid4

from litestar import Router
from sqlalchemy import select

from postroom_api.hinter import Hinter
from postroom_api.routes.hooks import hook_routes
from postroom_api.ses_hook import SesHook
from postroom_api_testing.exchange import Answer
from postroom_api_testing.running import RunningApi
from postroom_database.engine import Database
from postroom_database.models import ProviderMessage
from postroom_database.types import AnyRow
from postroom_domain.ids import new_id
from postroom_domain.sns_topics import parse_topic
from postroom_egress.fetch import Egress
from postroom_testing.ses_messages import AcceptedMail
from postroom_testing.sns import TOPIC_ARN, SnsServer, encode

PATH = "/hooks/ses"
ONE = "one@example.com"


def hooks_of(origin: str | None, *, egress: Egress | None = None) -> Callable[[Database, Hinter], Router]:
    """The hook for the topic of an SNS at an origin; None: where AWS has it. It reaches loopback, if not told else."""
    reaches = egress or Egress([ip_network("127.0.0.0/8")], 5)
    topics = [parse_topic(TOPIC_ARN, origin=origin)]
    return lambda database, hinter: hook_routes(SesHook(database, hinter, reaches, topics))


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


def handed_over(*recipients: str) -> AcceptedMail:
    """What SES has of an email."""
    tags = {"postroom_email_id": str(new_id())}
    return AcceptedMail(f"0102{uuid4().hex}-000000", "from@example.com", recipients or (ONE,), b"", tags, "postroom")


def kept(api: RunningApi) -> dict[str, AnyRow]:
    """The messages that are kept, by the provider's ids."""
    with api.database.read() as connection:
        return {row.id: row for row in connection.execute(select(ProviderMessage.__table__))}
