from ipaddress import ip_network

import pytest

from postroom_egress.errors import Refused, Unreachable
from postroom_egress.fetch import Egress


def resolving(*addresses: str, allow: str = "10.1.0.0/16") -> Egress:
    return Egress([ip_network(allow)], 5, resolver=lambda _host, _port: addresses)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "10.1.2.3"])
def test_a_host_that_may_be_reached_is_not_asked_for_anything(address: str) -> None:
    resolving(address).check("https://host.example/hook?token=1")


@pytest.mark.parametrize(
    "addresses", [("10.2.0.1",), ("127.0.0.1",), ("169.254.169.254",), ("::ffff:127.0.0.1",), ("1.1.1.1", "10.2.0.1")]
)
def test_a_host_with_a_private_address_is_refused(addresses: tuple[str, ...]) -> None:
    with pytest.raises(Refused, match="not public"):
        resolving(*addresses).check("https://host.example/")


@pytest.mark.parametrize("url", ["ftp://host.example/", "https://user@host.example/", "//host.example", "https://"])
def test_what_is_no_plain_url_is_refused_before_anything_is_looked_up(url: str) -> None:
    with pytest.raises(Refused):
        resolving("1.1.1.1").check(url)


def test_a_host_without_an_address_is_told_apart() -> None:
    with pytest.raises(Unreachable, match="no address"):
        resolving().check("https://host.example/")
