"""Addresses that a workspace does not send to: what puts them there, and in which form they are known."""

from collections.abc import Mapping
from enum import StrEnum


class Origin(StrEnum):
    """Why an address is suppressed."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    MANUAL = "manual"
    """By a client or an operator."""


_HARD = "Permanent"


def suppressed_form(address: str) -> str:
    """The form of an address that a suppression holds, so that it is met however a client writes it.

    A mail server may tell ``Ada@`` from ``ada@`` (RFC 5321, 2.4); sending to either after one of them bounced would
    cost more than the rare server that does.

    Args:
        address: as ``parse_mailbox`` gives it: in ASCII, its domain in punycode.
    """
    return address.lower()


def origin_of(happening: str, data: Mapping[str, object]) -> Origin | None:
    """What something that happened to a recipient suppresses it as; None when it does not.

    A bounce suppresses only when it is hard: what was full or away today may take mail tomorrow.

    Args:
        happening: "bounced", "complained", "delivered" ...
        data: of a bounce, under SES's own names: its ``bounceType`` is Permanent, Transient or Undetermined.
    """
    if happening == "complained":
        return Origin.COMPLAINT
    if happening == "bounced" and data.get("bounceType") == _HARD:
        return Origin.BOUNCE
    return None
