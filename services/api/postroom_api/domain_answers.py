"""The bodies of answers about domains, in Resend's shapes."""

from typing import Any

import msgspec

from postroom_api.answers import timestamp
from postroom_api.terms import Terms
from postroom_database.types import AnyRow
from postroom_domain.dns_records import DnsRecord, Expected, below_zone, list_records
from postroom_domain.domain_states import RecordState

_TTL = "Auto"
_SMTP = {"smtp", "smtps"}


class Capabilities(msgspec.Struct, frozen=True):
    sending: str
    receiving: str


class DomainSummary(msgspec.Struct, frozen=True):
    """One domain in a list."""

    id: str
    name: str
    status: str
    created_at: str
    region: str
    capabilities: Capabilities
    open_tracking: bool
    click_tracking: bool
    tracking_subdomain: str | None
    tls: str


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """What must stand in DNS; ``priority`` only where the type has one."""

    record: str
    name: str
    type: str
    ttl: str
    status: str
    value: str
    priority: int | msgspec.UnsetType = msgspec.UNSET


class DmarcHint(msgspec.Struct, frozen=True):
    """A record that receivers like to see. Nobody checks it, and the domain may have a stricter one already."""

    name: str
    type: str
    value: str
    ttl: str


class NewDomainAnswer(DomainSummary, frozen=True):
    """A domain that was added, with what must stand in DNS before it can be verified."""

    records: list[Record]
    dmarc: DmarcHint


class DomainDetails(NewDomainAnswer, frozen=True):
    """One domain with its records."""

    object: str = "domain"


class DomainPage(msgspec.Struct, frozen=True):
    has_more: bool
    data: list[DomainSummary]
    object: str = "list"


class DomainReference(msgspec.Struct, frozen=True):
    id: str
    object: str = "domain"


class DomainDeleted(msgspec.Struct, frozen=True):
    id: str
    deleted: bool = True
    object: str = "domain"


def summary(row: AnyRow, terms: Terms) -> DomainSummary:
    return DomainSummary(**_shown(row, terms))


def added(row: AnyRow, terms: Terms) -> NewDomainAnswer:
    return NewDomainAnswer(**_shown(row, terms), **_dns(row, terms))


def details(row: AnyRow, terms: Terms) -> DomainDetails:
    return DomainDetails(**_shown(row, terms), **_dns(row, terms))


def _shown(row: AnyRow, terms: Terms) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "name": row.name,
        "status": row.status,
        "created_at": timestamp(row.created_at),
        "region": terms.region or row.region,
        "capabilities": Capabilities(sending=row.sending, receiving=row.receiving),
        "open_tracking": row.open_tracking,
        "click_tracking": row.click_tracking,
        "tracking_subdomain": row.tracking_subdomain,
        "tls": row.tls,
    }


def _dns(row: AnyRow, terms: Terms) -> dict[str, Any]:
    # With a relay, and for a domain that an operator declared, nobody signs with our key: its record would mislead.
    needed = [] if terms.transport in _SMTP or row.declared else list_records(_expected(row, terms))
    return {
        "records": [_record(record) for record in needed],
        "dmarc": DmarcHint(name=below_zone("_dmarc", row.name), type="TXT", value="v=DMARC1; p=none;", ttl=_TTL),
    }


def _expected(row: AnyRow, terms: Terms) -> Expected:
    return Expected(
        name=row.name,
        region=terms.region or row.region,
        return_path=row.custom_return_path,
        selector=row.dkim_selector,
        public_key=row.dkim_public_key,
        dkim=RecordState(row.dkim_status),
        return_path_state=RecordState(row.return_path_status),
    )


def _record(record: DnsRecord) -> Record:
    return Record(
        record=record.record,
        name=record.name,
        type=record.type,
        ttl=_TTL,
        status=record.status.value,
        value=record.value,
        priority=msgspec.UNSET if record.priority is None else record.priority,
    )
