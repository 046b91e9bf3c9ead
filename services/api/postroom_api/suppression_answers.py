"""The bodies of successful answers about suppressions, in Resend's shapes."""

import msgspec

from postroom_api.answers import timestamp
from postroom_database.repositories.suppressions import SuppressionRecord
from postroom_domain.suppressions import Origin


class SuppressionReference(msgspec.Struct, frozen=True):
    id: str
    object: str = "suppression"


class SuppressionDetails(msgspec.Struct, frozen=True):
    """``source_id`` is the email that bounced or was complained about."""

    id: str
    email: str
    origin: Origin
    source_id: str | None
    created_at: str
    object: str = "suppression"


class SuppressionPage(msgspec.Struct, frozen=True):
    has_more: bool
    data: list[SuppressionDetails]
    object: str = "list"


class RemovedSuppression(msgspec.Struct, frozen=True):
    id: str
    object: str = "suppression"
    deleted: bool = True


class AddedSuppressions(msgspec.Struct, frozen=True):
    """Each address of the request once, in the order of its first appearance."""

    data: list[SuppressionReference]


class RemovedSuppressions(msgspec.Struct, frozen=True):
    """Those that were there; the others are left out."""

    data: list[RemovedSuppression]


def suppression(record: SuppressionRecord) -> SuppressionDetails:
    return SuppressionDetails(
        id=str(record.id),
        email=record.address,
        origin=record.origin,
        source_id=None if record.source_id is None else str(record.source_id),
        created_at=timestamp(record.created_at),
    )
