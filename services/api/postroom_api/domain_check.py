"""From a request about a domain to what is stored of it, or to an error that names the field."""

import re
from typing import Any

from postroom_api.domain_request import CapabilitiesRequest, CreateDomainRequest, UpdateDomainRequest
from postroom_api.errors import MISSING_FIELD, invalid, refuse
from postroom_api.terms import Terms
from postroom_database.repositories.domains import ENABLED, NewDomain
from postroom_domain.dns_records import DEFAULT_REGION, DEFAULT_RETURN_PATH
from postroom_domain.domain_names import parse_domain, parse_label
from postroom_domain.errors import InvalidDomain

DISABLED = "disabled"
OPPORTUNISTIC, ENFORCED = "opportunistic", "enforced"

_REGION = re.compile(r"(?=.{1,32}\Z)[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}", re.ASCII)
_DEFAULTS: dict[str, Any] = {
    "open_tracking": False,
    "click_tracking": False,
    "tls": OPPORTUNISTIC,
    "sending": ENABLED,
    "receiving": DISABLED,
    "tracking_subdomain": None,
}


def check_new(asked: CreateDomainRequest, terms: Terms) -> NewDomain:
    """A domain to be added.

    Raises:
        ApiError: naming the field.
    """
    if not asked.name:
        raise refuse(MISSING_FIELD, field="name")
    try:
        name = parse_domain(asked.name)
    except InvalidDomain as problem:
        raise invalid("name", problem) from None
    return NewDomain(
        name=name,
        region=_region(asked.region, terms),
        custom_return_path=_label("custom_return_path", asked.custom_return_path or DEFAULT_RETURN_PATH),
        **(_DEFAULTS | check_change(asked)),
    )


def check_change(asked: UpdateDomainRequest) -> dict[str, Any]:
    """The columns that a request sets; what it leaves out stays as it is.

    What would be stored and then not done is refused: a client that asks for it counts on it.

    Raises:
        ApiError: naming the field.
    """
    for name, wanted in (("open_tracking", asked.open_tracking), ("click_tracking", asked.click_tracking)):
        if wanted:
            raise invalid(name, "Postroom does not track yet; leave it out or send `false`.")
    changed: dict[str, Any] = {
        "open_tracking": asked.open_tracking,
        "click_tracking": asked.click_tracking,
        "tls": _tls(asked.tls),
        "tracking_subdomain": _label("tracking_subdomain", asked.tracking_subdomain)
        if asked.tracking_subdomain
        else None,
        **_capabilities(asked.capabilities or CapabilitiesRequest()),
    }
    return {name: value for name, value in changed.items() if value is not None}


def _region(asked: str | None, terms: Terms) -> str:
    if terms.region is not None:
        if asked and asked != terms.region:
            raise invalid("region", f"This Postroom sends from {terms.region} only.")
        return terms.region
    if asked and not _REGION.fullmatch(asked):
        raise invalid("region", f"It must be a region such as `{DEFAULT_REGION}`.")
    return asked or DEFAULT_REGION


def _label(field: str, text: str) -> str:
    try:
        return parse_label(text)
    except InvalidDomain as problem:
        raise invalid(field, problem) from None


def _tls(asked: str | None) -> str | None:
    if asked == ENFORCED:
        raise invalid(
            "tls",
            "`enforced` cannot be asked for by domain: whoever operates this Postroom requires TLS for all mail, in"
            " SES's configuration set or at the relay.",
        )
    if asked and asked != OPPORTUNISTIC:
        raise invalid("tls", f"It must be `{OPPORTUNISTIC}`.")
    return asked or None


def _capabilities(asked: CapabilitiesRequest) -> dict[str, str | None]:
    for name, value in (("sending", asked.sending), ("receiving", asked.receiving)):
        if value and value not in {ENABLED, DISABLED}:
            raise invalid(f"capabilities.{name}", f"It must be `{ENABLED}` or `{DISABLED}`.")
    if asked.receiving == ENABLED:
        raise invalid("capabilities.receiving", f"Postroom does not receive yet; leave it out or send `{DISABLED}`.")
    return {"sending": asked.sending or None, "receiving": asked.receiving or None}
