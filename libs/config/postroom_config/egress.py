import ipaddress
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from postroom_config.numbers import Decimal
from postroom_config.settings import Block
from postroom_config.variable import Variable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _read_networks(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    networks: list[Network] = []
    for place, item in enumerate(value.split(","), start=1):
        try:
            networks.append(ipaddress.ip_network(item.strip()))
        except ValueError:
            # "from None": ipaddress quotes what it was given.
            raise ValueError(f"entry {place} of the list is not a network") from None
    return tuple(networks)


class EgressSettings(Block):
    """HTTP to addresses that clients name."""

    allow: Annotated[
        tuple[Network, ...],
        BeforeValidator(_read_networks),
        Variable(
            "POSTROOM_EGRESS_ALLOW",
            example="10.0.0.0/8",
            expected="networks with a comma between them, such as 10.1.0.0/16,fd00::/8",
            about="Private networks that may be reached all the same. Without it, none.",
        ),
    ] = ()
    timeout_seconds: Annotated[
        Decimal,
        Field(ge=0.1, le=600),
        Variable("POSTROOM_EGRESS_TIMEOUT_SECONDS", about="How long one fetch may take in all."),
    ] = 30.0
