from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, SecretStr

from postroom_config.settings import Block
from postroom_config.urls import require_host, split_url
from postroom_config.variable import Variable
from postroom_domain.errors import InvalidTopic
from postroom_domain.sns_topics import Topic, parse_topic


def _read_arns(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    arns = tuple(item.strip() for item in value.split(","))
    for place, arn in enumerate(arns, start=1):
        try:
            parse_topic(arn)
        except InvalidTopic:
            raise ValueError(f"entry {place} of the list is not the ARN of a topic") from None
    return arns


def _check_origin(origin: str | None) -> str | None:
    if origin is None:
        return None
    parts = split_url(SecretStr(origin), schemes=("https",))
    require_host(parts)
    if parts.username is not None or parts.path not in {"", "/"} or parts.query:
        raise ValueError("it holds a user, a path or a query")
    return origin.removesuffix("/")


class SesEventSettings(Block):
    """What SES tells of emails: its events, posted by SNS to `/hooks/ses`."""

    arns: Annotated[
        tuple[str, ...],
        BeforeValidator(_read_arns),
        Variable(
            "POSTROOM_SES_TOPICS",
            example="arn:aws:sns:eu-west-1:123456789012:postroom",
            expected="ARNs with a comma between them, such as arn:aws:sns:eu-west-1:123456789012:postroom-events",
            about="SNS topics whose messages are taken. Without it, none: outcomes are not reported, unknown ones not"
            " settled.",
        ),
    ] = ()
    sns_origin: Annotated[
        str | None,
        AfterValidator(_check_origin),
        Variable(
            "POSTROOM_SNS_ORIGIN",
            example="https://sns.eu-west-1.amazonaws.com",
            expected="https://HOST or https://HOST:PORT",
            about="Where SNS serves its certificates and takes confirmations, when it is not the one that AWS runs in a"
            " topic's region. A private address is reached only when POSTROOM_EGRESS_ALLOW says so.",
        ),
    ] = None

    @property
    def topics(self) -> tuple[Topic, ...]:
        return tuple(parse_topic(arn, origin=self.sns_origin) for arn in self.arns)
