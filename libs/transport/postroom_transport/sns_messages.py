"""A message as Amazon SNS posts it (AWS, "Parsing Amazon SNS message formats")."""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

import msgspec

MessageId: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{1,100}\Z")]
_MessageType: TypeAlias = Literal["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]


class UnreadableMessage(Exception):  # noqa: N818 - it says what is wrong
    """It is no message of SNS."""


class SnsMessage(msgspec.Struct, rename="pascal", frozen=True):
    """Attributes: message is what was published; the other texts are in one line each."""

    type: _MessageType
    message_id: MessageId
    topic_arn: str
    message: str
    timestamp: str
    signature_version: str
    signature: str
    signing_cert_url: str = msgspec.field(name="SigningCertURL")
    subject: str | None = None
    token: str | None = None
    subscribe_url: str | None = msgspec.field(name="SubscribeURL", default=None)

    def fields(self) -> Mapping[str, str | None]:
        """Under the names that they have in the JSON."""
        found: dict[str, str | None] = msgspec.to_builtins(self)
        return found


_DECODER = msgspec.json.Decoder(SnsMessage)


def read_message(body: bytes | bytearray | str) -> SnsMessage:
    """Read what came; who wrote it, nobody knows yet.

    Raises:
        UnreadableMessage: with what is wrong.
    """
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        raise UnreadableMessage(str(problem)) from None
