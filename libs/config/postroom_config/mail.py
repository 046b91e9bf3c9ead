import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from postroom_config.numbers import Decimal
from postroom_config.settings import Block
from postroom_config.urls import read_query, require_host, split_url
from postroom_config.variable import Variable

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}", re.ASCII)
_ENDPOINT_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:]+", re.ASCII)
_TLS = ("required", "opportunistic", "off")
_PARAMETERS = {"ses": {"configuration_set", "endpoint"}, "smtp": {"tls"}, "smtps": set[str](), "inbox": set[str]()}


def _check(url: SecretStr) -> SecretStr:
    parts = split_url(url, schemes=("ses", "smtp", "smtps", "inbox"))
    allowed, given = _PARAMETERS[parts.scheme], read_query(parts)
    if not given.keys() <= allowed:
        raise ValueError(f"the parameters that it may have after the ?: {', '.join(sorted(allowed)) or 'none'}")
    if parts.scheme == "inbox":
        if url.get_secret_value() != "inbox:":
            raise ValueError("nothing follows inbox:")
        return url
    require_host(parts)
    if parts.path not in {"", "/"}:
        raise ValueError("it has no path")
    if given.get("tls", "off") not in _TLS:
        raise ValueError(f"tls= is one of: {', '.join(_TLS)}")
    if parts.scheme == "ses":
        _check_ses(parts.netloc)
        _check_endpoint(given.get("endpoint"))
    return url


def _check_ses(region: str) -> None:
    if "@" in region:
        raise ValueError("credentials do not go into it: they come from a role, a profile or AWS_* variables")
    if not _REGION.fullmatch(region):
        raise ValueError("after ses:// stands an AWS region")


def _check_endpoint(url: str | None) -> None:
    """As boto3 takes it, which checks it only when it is used."""
    if url is None:
        return
    try:
        parts = split_url(SecretStr(url), schemes=("http", "https"))
    except ValueError as problem:
        raise ValueError(f"endpoint=: {problem}") from None
    if not _ENDPOINT_HOST.fullmatch(parts.hostname or ""):
        raise ValueError("endpoint=: its host is letters, digits, hyphens and dots, or an IP address")


class MailSettings(Block):
    """Where mail leaves: the transport."""

    url: Annotated[
        SecretStr,
        AfterValidator(_check),
        Variable(
            "POSTROOM_MAIL_URL",
            expected="ses://REGION?configuration_set=NAME, smtp://USER:PASSWORD@HOST:PORT,"
            " smtps://USER:PASSWORD@HOST, or inbox:",
            about="`inbox:` keeps all mail in the database, where a browser can read it. `&endpoint=URL` sends SES's"
            " calls elsewhere. `?tls=required`, `opportunistic` or `off` belongs to `smtp://`.",
            example="inbox:",
        ),
    ]
    timeout_seconds: Annotated[
        Decimal,
        Field(ge=0.1, le=600),
        Variable("POSTROOM_MAIL_TIMEOUT_SECONDS", about="How long one call to the provider may take."),
    ] = 30.0

    @property
    def uses_inbox(self) -> bool:
        return self.url.get_secret_value() == "inbox:"

    @property
    def longest_call_seconds(self) -> float:
        """The time-out holds once while connecting and sending, and once more for the answer."""
        return 2 * self.timeout_seconds
