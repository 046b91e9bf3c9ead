"""Whether a message is one of SNS, and of a topic that is allowed."""

from collections.abc import Iterable
from datetime import UTC, datetime

from postroom_domain.errors import ForgedMessage
from postroom_domain.sns_signatures import SigningCertificate
from postroom_domain.sns_topics import Topic
from postroom_transport.sns_certificates import SigningCertificates
from postroom_transport.sns_messages import SnsMessage


class UnprovenMessage(Exception):  # noqa: N818 - it says what is wrong
    """It is not taken, now or later.

    Attributes:
        result: one word for metrics and logs.
    """

    def __init__(self, result: str, reason: str) -> None:
        super().__init__(reason)
        self.result = result


class SnsProof:
    """Proves messages of some topics. A message is as good after a week as it was at once.

    Args:
        topics: whose messages are taken.
        certificates: that SNS signs with.
    """

    def __init__(self, topics: Iterable[Topic], certificates: SigningCertificates) -> None:
        self.certificates = certificates
        self._topics = {topic.arn: topic for topic in topics}

    def topic_of(self, message: SnsMessage) -> Topic:
        """The topic that the message says it is of. Nothing is fetched for it.

        Raises:
            UnprovenMessage: the topic is foreign, or the message names a certificate elsewhere.
        """
        topic = self._topics.get(message.topic_arn)
        if topic is None:
            raise UnprovenMessage("foreign_topic", "Its topic is not among POSTROOM_SES_TOPICS.")
        if not topic.serves_certificate(message.signing_cert_url):
            raise UnprovenMessage("foreign_certificate", "Its SigningCertURL is not one of its topic's SNS.")
        return topic

    def check(self, message: SnsMessage, certificate: SigningCertificate) -> None:
        """Check that the message was signed with the certificate that it names.

        Raises:
            UnprovenMessage: it was not.
        """
        try:
            certificate.check(
                message.fields(),
                version=message.signature_version,
                signature=message.signature,
                now=datetime.now(UTC),
            )
        except ForgedMessage as problem:
            raise UnprovenMessage("forged", str(problem)) from None

    def prove(self, message: SnsMessage) -> None:
        """All of it, one message after the other; waits for a certificate that must be fetched.

        Raises:
            UnprovenMessage: it is not of an allowed topic's SNS.
            NoCertificate: it may be proven later.
        """
        self.topic_of(message)
        url = message.signing_cert_url
        self.check(message, self.certificates.find(url) or self.certificates.fetch(url))
