"""Which addresses are out on the internet.

Source: IANA IPv4 and IPv6 Special-Purpose Address Registries. Written out, because what Python's
`is_global` says differs between its patch releases.
"""

import ipaddress
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SPECIAL_IPV4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers; metadata of one cloud
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # in public space, but the inside of one cloud
        "169.254.0.0/16",  # link-local; metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; metadata of one cloud
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# All that is given out for use on the internet; loopback, link-local, unique local and multicast lie outside.
GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
SPECIAL_IPV6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo among them: it carries IPv4 addresses
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries IPv4 addresses
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
# Where the network has only IPv6, public IPv4 hosts are reached through these (RFC 6052).
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def may_connect(address: Address, allow: Iterable[Network]) -> bool:
    """Whether the address is public, or inside one of the networks that the operator allows."""
    plain = _unmap(address)
    if any(plain in network for network in allow):
        return True
    if isinstance(plain, ipaddress.IPv4Address):
        return not any(plain in network for network in SPECIAL_IPV4)
    if plain in NAT64:
        return may_connect(ipaddress.IPv4Address(plain.packed[-4:]), ())
    return plain in GLOBAL_IPV6 and not any(plain in network for network in SPECIAL_IPV6)


def _unmap(address: Address) -> Address:
    """An IPv4-mapped address (::ffff:a.b.c.d) is an IPv4 connection in the end."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
