"""Topics of Amazon SNS that events come from, and the addresses that their messages may name."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

from postroom_domain.errors import InvalidTopic

_SUFFIXES = {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}
"""What the names of a partition's hosts end in."""

# A .fifo topic is not among them: SNS posts none of its messages to HTTP endpoints.
_ARN = re.compile(
    r"arn:(?P<partition>aws|aws-us-gov|aws-cn):sns:(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}):[0-9]{12}"
    r":[A-Za-z0-9_-]{1,256}"
)
_CERTIFICATE_PATH = re.compile(r"/[A-Za-z0-9_-]{1,200}\.pem")
_QUERY = re.compile(r"[A-Za-z0-9%&=._:~+-]{1,4000}")


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic.

    Attributes:
        arn: its name, as every message of it repeats it.
        origin: ``https://host[:port]`` of its SNS, which serves certificates and takes confirmations.
    """

    arn: str
    origin: str

    def serves_certificate(self, url: str) -> bool:
        """Whether the topic's own SNS has this certificate.

        The address is compared as it is written, not taken apart: what two parsers read differently cannot pass.
        """
        path = _rest(url, self.origin)
        return path is not None and _CERTIFICATE_PATH.fullmatch(path) is not None

    def takes_confirmation(self, url: str, token: str) -> bool:
        """Whether asking for this address confirms a subscription to this topic with this token, and nothing else."""
        query = _rest(url, f"{self.origin}/?")
        if query is None or not _QUERY.fullmatch(query):
            return False
        wanted = {"Action": ["ConfirmSubscription"], "TopicArn": [self.arn], "Token": [token]}
        return parse_qs(query, keep_blank_values=True) == wanted


def parse_topic(arn: str, *, origin: str | None = None) -> Topic:
    """Read the name of a topic.

    Args:
        arn: such as ``arn:aws:sns:eu-west-1:123456789012:postroom-events``.
        origin: of another SNS than the one that AWS runs in the topic's region.

    Raises:
        InvalidTopic: it is none whose messages can come by HTTP.
    """
    found = _ARN.fullmatch(arn)
    if found is None:
        raise InvalidTopic("It is not arn:aws:sns:REGION:ACCOUNT:NAME.")
    return Topic(arn, origin or f"https://sns.{found['region']}.{_SUFFIXES[found['partition']]}")


def _rest(url: str, beginning: str) -> str | None:
    return url.removeprefix(beginning) if url.startswith(beginning) else None
