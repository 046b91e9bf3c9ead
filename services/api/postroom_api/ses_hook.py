"""What is done with a message of SNS: it is proven, then kept for a worker."""

import asyncio
from collections.abc import Iterable

from loguru import logger

from postroom_api.errors import FORGED_MESSAGE, UNPROVEN_MESSAGE, ApiError, refuse
from postroom_api.hinter import Hinter
from postroom_api.metrics import PROVIDER_MESSAGES
from postroom_api.writing import write
from postroom_database.engine import Database
from postroom_database.repositories import provider_messages
from postroom_domain.sns_signatures import SigningCertificate
from postroom_domain.sns_topics import Topic
from postroom_egress.errors import EgressError
from postroom_egress.fetch import Egress
from postroom_transport.sns_certificates import NoCertificate, SigningCertificates
from postroom_transport.sns_messages import SnsMessage
from postroom_transport.sns_proof import SnsProof, UnprovenMessage

_MAX_CONFIRMATION_BYTES = 65_536
_AGAIN_SECONDS = 20
_PATIENCE_SECONDS = 4.0
"""How long a message waits for its turn to fetch. SNS itself waits 15 seconds for an answer, fetching included."""


class SesHook:
    """Takes messages of some topics, in any order and any number of times. What they say is a worker's work.

    Args:
        database: the truth.
        hinter: tells workers.
        egress: reaches SNS.
        topics: whose messages are taken.
    """

    def __init__(self, database: Database, hinter: Hinter, egress: Egress, topics: Iterable[Topic]) -> None:
        self._database = database
        self._hinter = hinter
        self._egress = egress
        self._proof = SnsProof(topics, SigningCertificates(egress))
        self._turn = asyncio.Lock()

    async def take(self, message: SnsMessage, request_id: str) -> str:
        """What became of it, in one word.

        Raises:
            ApiError: it is forged or of a foreign topic, or SNS should send it again.
            DatabaseUnavailable: likewise.
        """
        topic = await self._prove(message)
        match message.type:
            case "Notification":
                return await asyncio.to_thread(self._keep, message, request_id)
            case "SubscriptionConfirmation":
                return await asyncio.to_thread(self._confirm, topic, message)
            case "UnsubscribeConfirmation":
                # Its SubscribeURL would take the end of the subscription back, which is for an operator to decide.
                logger.warning("subscription.ended", topic=topic.arn)
                return _count("unsubscribed")

    async def _prove(self, message: SnsMessage) -> Topic:
        """Whose message it is. Nothing is fetched for what is foreign or names an address elsewhere."""
        try:
            topic = self._proof.topic_of(message)
            certificate = await self._certificate(message.signing_cert_url)
            self._proof.check(message, certificate)
        except UnprovenMessage as problem:
            raise _refused(problem.result, str(problem)) from None
        return topic

    async def _certificate(self, url: str) -> SigningCertificate:
        """Fetched one at a time: whoever makes messages up cannot make many fetches of them."""
        certificates = self._proof.certificates
        kept = certificates.find(url)
        if kept is not None:
            return kept
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._turn.acquire()
        except TimeoutError:
            raise _again("no_certificate") from None
        try:
            # Somebody else may have fetched it in the meantime.
            kept = certificates.find(url)
            return kept if kept is not None else await asyncio.to_thread(certificates.fetch, url)
        except NoCertificate as problem:
            logger.warning("certificate.not_fetched", reason=str(problem))
            raise _again("no_certificate") from None
        finally:
            self._turn.release()

    def _keep(self, message: SnsMessage, request_id: str) -> str:
        hinted = self._hinter.is_open()
        job_id = write(
            self._database,
            lambda connection: provider_messages.keep(
                connection, message.message_id, message.message, request_id=request_id, hinted=hinted
            ),
        )
        if job_id is None:
            return _count("repeated")
        if hinted:
            self._hinter.offer_message(job_id)
        logger.debug("message.kept", job_id=str(job_id))
        return _count("kept")

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
        return _count("confirmed")


def _count(result: str) -> str:
    PROVIDER_MESSAGES.labels(result).inc()
    return result


def _refused(result: str, reason: str) -> ApiError:
    _count(result)
    logger.warning("message.refused", result=result)
    return refuse(FORGED_MESSAGE, reason=reason)


def _again(result: str) -> ApiError:
    _count(result)
    return ApiError(UNPROVEN_MESSAGE, headers={"retry-after": str(_AGAIN_SECONDS)})
