import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from postroom_config.numbers import Decimal
from postroom_config.settings import Block
from postroom_config.urls import read_query, require_host, split_url
from postroom_config.variable import Variable

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}", re.ASCII)
_PARAMETERS = {"ses": {"configuration_set", "endpoint"}, "smtp": {"tls"}, "smtps": set[str](), "inbox": set[str]()}


def _check(url: SecretStr) -> SecretStr:
    parts = split_url(url, schemes=("ses", "smtp", "smtps", "inbox"))
    allowed = _PARAMETERS[parts.scheme]
    if not read_query(parts).keys() <= allowed:
        raise ValueError(f"the parameters that it may have after the ?: {', '.join(sorted(allowed)) or 'none'}")
    if parts.scheme == "inbox":
        if url.get_secret_value() != "inbox:":
            raise ValueError("nothing follows inbox:")
        return url
    require_host(parts)
    if parts.path not in {"", "/"}:
        raise ValueError("it has no path")
    if parts.scheme == "ses":
        _check_ses(parts.netloc)
    return url


def _check_ses(region: str) -> None:
    if "@" in region:
        raise ValueError("credentials do not go into it: they come from a role, a profile or AWS_* variables")
    if not _REGION.fullmatch(region):
        raise ValueError("after ses:// stands an AWS region")


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
