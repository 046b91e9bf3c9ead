"""What is done with a message of SNS: it is proven, then what SES says in it is written down."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

from loguru import logger

from postroom_api.errors import FORGED_MESSAGE, UNPROVEN_MESSAGE, ApiError, refuse
from postroom_api.metrics import PROVIDER_EVENTS
from postroom_api.ses_event import read_event
from postroom_api.signing_certificates import NoCertificate, SigningCertificates
from postroom_api.sns_message import SnsMessage
from postroom_api.writing import write
from postroom_database.engine import Database
from postroom_database.repositories import settlements
from postroom_database.repositories.settlements import Accounted, Accounting, Report
from postroom_domain.errors import ForgedMessage
from postroom_domain.sns_topics import Topic
from postroom_egress.errors import EgressError
from postroom_egress.fetch import Egress

_MESSAGE = "message"
"""The type that metrics give to what is no event, or not proven to be one."""

_MAX_CONFIRMATION_BYTES = 65_536
_AGAIN_SECONDS = 20


class SesHook:
    """Takes messages of some topics, in any order and any number of times.

    A message is as good after a week as it was at once: no message is refused for its age.

    Args:
        database: the truth.
        egress: reaches SNS.
        topics: whose messages are taken.
    """

    def __init__(self, database: Database, egress: Egress, topics: Iterable[Topic]) -> None:
        self._database = database
        self._egress = egress
        self._topics = {topic.arn: topic for topic in topics}
        self._certificates = SigningCertificates(egress)

    async def take(self, message: SnsMessage) -> str:
        """What became of it, in one word.

        Raises:
            ApiError: it is forged or of a foreign topic, or SNS should send it again.
            DatabaseUnavailable: likewise.
        """
        topic = await self._prove(message)
        match message.type:
            case "Notification":
                return await asyncio.to_thread(self._account, message)
            case "SubscriptionConfirmation":
                return await asyncio.to_thread(self._confirm, topic, message)
            case "UnsubscribeConfirmation":
                # Its SubscribeURL would take the end of the subscription back, which is for an operator to decide.
                logger.warning("subscription.ended", topic=topic.arn)
                return _count(_MESSAGE, "unsubscribed")

    async def _prove(self, message: SnsMessage) -> Topic:
        """Whose message it is. Nothing is fetched for what is foreign or names an address elsewhere."""
        topic = self._topics.get(message.topic_arn)
        if topic is None:
            raise _refused("foreign_topic", "Its topic is not among POSTROOM_SES_TOPICS.")
        if not topic.serves_certificate(message.signing_cert_url):
            raise _refused("foreign_certificate", "Its SigningCertURL is not one of its topic's SNS.")
        try:
            certificate = await self._certificates.get(message.signing_cert_url)
        except NoCertificate:
            raise _again("no_certificate") from None
        try:
            certificate.check(
                message.fields(),
                version=message.signature_version,
                signature=message.signature,
                now=datetime.now(UTC),
            )
        except ForgedMessage as problem:
            raise _refused("forged", str(problem)) from None
        return topic

    def _confirm(self, topic: Topic, message: SnsMessage) -> str:
        url = message.subscribe_url or ""
        if not topic.takes_confirmation(url, message.token or ""):
            raise _refused("foreign_confirmation", "Its SubscribeURL confirms no subscription to its topic.")
        try:
            self._egress.fetch(url, max_bytes=_MAX_CONFIRMATION_BYTES)
        except EgressError as problem:
            logger.warning("subscription.not_confirmed", topic=topic.arn, reason=str(problem))
            raise _again("not_confirmed") from None
        logger.info("subscription.confirmed", topic=topic.arn)
        return _count(_MESSAGE, "confirmed")

    def _account(self, message: SnsMessage) -> str:
        event = read_event(message.message)
        if not event.is_readable:
            logger.warning("event.not_read", type=event.type)
            return _count(event.type, "unreadable")
        report = event.report
        if report is None:
            return _count(event.type, "without_effect")
        accounted = write(
            self._database, lambda connection: settlements.account(connection, message.message_id, report)
        )
        _log(event.type, report, accounted)
        return _count(event.type, accounted.accounting)


def _log(kind: str, report: Report, accounted: Accounted) -> None:
    """Under the id of the request that the email came with, not of this one."""
    level = {Accounting.ACCOUNTED: "INFO", Accounting.UNEXPECTED: "WARNING"}.get(accounted.accounting, "DEBUG")
    # Without a request id of the email, the context's own stays.
    known = {} if accounted.request_id is None else {"request_id": accounted.request_id}
    with logger.contextualize(email_id=str(report.email_id), **known):
        logger.log(
            level,
            "event.accounted" if accounted.accounting is Accounting.ACCOUNTED else "event.left",
            workspace_id=accounted.workspace_id and str(accounted.workspace_id),
            type=kind,
            result=None if accounted.accounting is Accounting.ACCOUNTED else accounted.accounting.value,
            before=accounted.before,
            after=accounted.after,
            strangers=accounted.strangers or None,
        )
        for suppression in accounted.suppressed:
            if suppression.is_new:
                logger.info("suppression.added", suppression_id=str(suppression.id), origin=suppression.origin.value)


def _count(kind: str, result: str) -> str:
    PROVIDER_EVENTS.labels(kind, result).inc()
    return str(result)


def _refused(result: str, reason: str) -> ApiError:
    _count(_MESSAGE, result)
    logger.warning("message.refused", result=result)
    return refuse(FORGED_MESSAGE, reason=reason)


def _again(result: str) -> ApiError:
    _count(_MESSAGE, result)
    return ApiError(UNPROVEN_MESSAGE, headers={"retry-after": str(_AGAIN_SECONDS)})
