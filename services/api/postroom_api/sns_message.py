"""A message as Amazon SNS posts it (AWS, "Parsing Amazon SNS message formats")."""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

import msgspec

from postroom_api.bodies import Body
from postroom_api.errors import UNREADABLE_BODY, refuse

MessageId: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{1,100}\Z")]
_MessageType: TypeAlias = Literal["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]


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


def read_message(body: Body, *, raw: bool) -> SnsMessage:
    """Read what was posted; who posted it, nobody knows yet.

    Args:
        body: of the request.
        raw: whether SNS says that it posts the bare message.

    Raises:
        ApiError: it is no message of SNS, or a bare one, which carries no signature.
    """
    if raw:
        raise refuse(
            UNREADABLE_BODY,
            reason="raw message delivery carries no signature. Switch it off for this subscription.",
        )
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise refuse(UNREADABLE_BODY, reason=f"it is no message of Amazon SNS: {problem}.") from None
