"""The queue of Amazon SQS into which SNS puts what no endpoint took of SES's events (AWS, "SNS dead-letter queues")."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from postroom_transport.errors import TransportError

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient

_BATCH = 10
"""The most that SQS gives, and deletes, at once."""
_HIDDEN_SECONDS = 120
"""How long SQS shows nobody else what was received. What is not deleted until then is in the queue again."""
_WAIT_SECONDS = 1
"""Waiting makes SQS ask all its servers, so that an empty answer means an empty queue."""
_REGION = re.compile(r"sqs\.(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2})\.amazonaws\.com(?:\.cn)?")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message of the queue.

    Attributes:
        id: SQS's own.
        receipt: names this receiving of it.
        body: what SNS would have posted.
    """

    id: str
    receipt: str
    body: str


class DeadLetters:
    """A queue. Credentials are found by boto3 itself: role, profile, AWS_*.

    Args:
        queue_url: as SQS names it.
        region: of the queue, where its URL does not tell.
        timeout_seconds: for connecting, and again for an answer.

    Raises:
        TransportError: boto3 cannot be set up, as for a profile that is not there.
    """

    def __init__(self, queue_url: str, *, region: str, timeout_seconds: float) -> None:
        parts = urlsplit(queue_url)
        found = _REGION.fullmatch(parts.hostname or "")
        self._queue_url = queue_url
        config = Config(
            retries={"total_max_attempts": 3},
            connect_timeout=timeout_seconds,
            read_timeout=timeout_seconds + _WAIT_SECONDS,
        )
        with _translated():
            self._client: SQSClient = boto3.session.Session().client(
                "sqs",
                region_name=found["region"] if found else region,
                endpoint_url=f"{parts.scheme}://{parts.netloc}",
                config=config,
            )

    def receive(self, count: int | None) -> list[DeadLetter]:
        """Some of what is there, at most so many, or as many as SQS gives; nothing: all that is there is hidden.

        Raises:
            TransportError: the queue cannot be used.
        """
        with _translated():
            answer = self._client.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=min(count or _BATCH, _BATCH),
                VisibilityTimeout=_HIDDEN_SECONDS,
                WaitTimeSeconds=_WAIT_SECONDS,
            )
        return [
            DeadLetter(one.get("MessageId", ""), one.get("ReceiptHandle", ""), one.get("Body", ""))
            for one in answer.get("Messages", [])
        ]

    def delete(self, letters: Sequence[DeadLetter]) -> None:
        """Take them off the queue.

        Raises:
            TransportError: some may still be there.
        """
        with _translated():
            answer = self._client.delete_message_batch(
                QueueUrl=self._queue_url,
                Entries=[{"Id": str(place), "ReceiptHandle": one.receipt} for place, one in enumerate(letters)],
            )
        if failed := answer.get("Failed", []):
            raise TransportError(f"SQS deleted all but {len(failed)}: {failed[0].get('Message') or failed[0]['Code']}")

    def close(self) -> None:
        self._client.close()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError, ResponseParserError) as error:
        raise TransportError(" ".join(str(error).split())) from error
