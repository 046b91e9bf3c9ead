"""What an operator must know of SES before mail flows: the account, the way of its events, its identities.

Names: SESv2 API reference, GetAccount, GetConfigurationSetEventDestinations, GetEmailIdentity.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from postroom_transport.sns_subscriptions import SnsClient, Subscription, list_subscriptions

if TYPE_CHECKING:
    from types_boto3_sesv2.client import SESV2Client


@dataclass(frozen=True, slots=True)
class Account:
    """Attributes: enforcement is what SES thinks of its reputation: HEALTHY, PROBATION or SHUTDOWN."""

    in_production: bool
    enforcement: str
    per_day: float
    """Recipients in 24 hours; -1: any number."""
    sent_in_day: float


@dataclass(frozen=True, slots=True)
class EventDestination:
    """Attributes: types are those of the events that go there; topic_arn is None when it is no SNS topic."""

    name: str
    enabled: bool
    types: frozenset[str]
    topic_arn: str | None


@dataclass(frozen=True, slots=True)
class Sender:
    """Attributes: dkim is the status of its signature: SUCCESS, PENDING, FAILED, ..."""

    may_send: bool
    dkim: str


class SesInspection:
    """Looks, and changes nothing. Each call raises ProviderAway or ProviderRefused with what AWS said.

    Args:
        client: of SESv2; closed here.
        open_sns: gives a client of SNS in a region.
        translated: turns what clients raise into ProviderAway and ProviderRefused.
    """

    def __init__(
        self,
        client: "SESV2Client",
        *,
        open_sns: Callable[[str], SnsClient],
        translated: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._client = client
        self._open_sns = open_sns
        self._translated = translated

    def account(self) -> Account:
        with self._translated():
            found = self._client.get_account()
        quota = found.get("SendQuota", {})
        return Account(
            in_production=found.get("ProductionAccessEnabled", False),
            enforcement=found.get("EnforcementStatus", "HEALTHY"),
            per_day=quota.get("Max24HourSend", 0.0),
            sent_in_day=quota.get("SentLast24Hours", 0.0),
        )

    def event_destinations(self, configuration_set: str) -> Sequence[EventDestination]:
        with self._translated():
            found = self._client.get_configuration_set_event_destinations(ConfigurationSetName=configuration_set)
        return [
            EventDestination(
                name=one.get("Name", ""),
                enabled=one.get("Enabled", False),
                types=frozenset(one.get("MatchingEventTypes", [])),
                topic_arn=one.get("SnsDestination", {}).get("TopicArn"),
            )
            for one in found.get("EventDestinations", [])
        ]

    def sender(self, name: str) -> Sender | None:
        """A domain as SES has it; None: it does not know it."""
        with self._translated():
            try:
                found = self._client.get_email_identity(EmailIdentity=name)
            except self._client.exceptions.NotFoundException:
                return None
        return Sender(found.get("VerifiedForSendingStatus", False), found.get("DkimAttributes", {}).get("Status", ""))

    def subscriptions(self, topic_arn: str) -> Sequence[Subscription]:
        """Of a topic, which may be another account's."""
        client = self._open_sns(topic_arn.split(":")[3])
        try:
            with self._translated():
                return list(list_subscriptions(client, topic_arn))
        finally:
            client.close()

    def close(self) -> None:
        self._client.close()
