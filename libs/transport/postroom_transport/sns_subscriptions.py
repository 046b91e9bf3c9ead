"""Who is subscribed to a topic (SNS API reference, ListSubscriptionsByTopic)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

_PENDING = "PendingConfirmation"
"""Stands where a subscription's ARN will be."""


class SnsClient(Protocol):
    """As much of boto3's client as is needed."""

    def list_subscriptions_by_topic(self, *, TopicArn: str, NextToken: str = ...) -> dict[str, Any]: ...  # noqa: N803 - AWS's names

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Subscription:
    protocol: str
    endpoint: str
    is_confirmed: bool


def list_subscriptions(client: SnsClient, topic_arn: str) -> Iterator[Subscription]:
    """All of them; raises what the client raises."""
    found = client.list_subscriptions_by_topic(TopicArn=topic_arn)
    while True:
        for one in found.get("Subscriptions", []):
            yield Subscription(one["Protocol"], one["Endpoint"], one["SubscriptionArn"] != _PENDING)
        if not found.get("NextToken"):
            return
        found = client.list_subscriptions_by_topic(TopicArn=topic_arn, NextToken=found["NextToken"])
