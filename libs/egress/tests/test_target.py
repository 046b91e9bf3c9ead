import pytest

from postroom_egress.errors import Refused
from postroom_egress.target import Target, parse_target

SECRET = "s3cret-token"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "s3cret-token",
        "ftp://host.example/s3cret-token",
        "file:///etc/s3cret-token",
        "gopher://host.example/s3cret-token",
        "//host.example/s3cret-token",
        "http:///s3cret-token",
        "http://:80/s3cret-token",
        "http://user:s3cret-token@host.example/",
        "http://user@host.example/s3cret-token",
        "http://@host.example/s3cret-token",
        "http://host.example:0/s3cret-token",
        "http://host.example:65536/s3cret-token",
        "http://host.example:s3cret-token/",
        "http://[::1/s3cret-token",
        "http://host.example\\@other.example/s3cret-token",
        "http://host.example/s3cret-token\r\nX: y",
        "http://host.example/s3cret token",
        " http://host.example/s3cret-token",
        "http://ho\tst.example/s3cret-token",
        "http://host.example\x00.other.example/s3cret-token",
        "http://host%2eexample/s3cret-token",
        "http://-host.example/s3cret-token",
        "http://[fe80::1%25eth0]/s3cret-token",
        f"http://{'a' * 64}.example/s3cret-token",
    ],
)
def test_refused_without_telling_the_url(url: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_target(url)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("url", "target", "host_header"),
    [
        ("http://host.example", Target(tls=False, host="host.example", port=80, path="/"), "host.example"),
        (
            "HTTPS://Host.Example:8443/a/b?c=d#e",
            Target(tls=True, host="host.example", port=8443, path="/a/b?c=d"),
            "host.example:8443",
        ),
        ("https://h.example:443/", Target(tls=True, host="h.example", port=443, path="/"), "h.example"),
        ("http://h.example:443/", Target(tls=False, host="h.example", port=443, path="/"), "h.example:443"),
        ("http://[2a00::1]:81/", Target(tls=False, host="2a00::1", port=81, path="/"), "[2a00::1]:81"),
        (
            "https://bücher.example/ä?ö=%C3%BC&x=[1]",
            Target(tls=True, host="xn--bcher-kva.example", port=443, path="/%C3%A4?%C3%B6=%C3%BC&x=[1]"),
            "xn--bcher-kva.example",
        ),
    ],
)
def test_taken_apart(url: str, target: Target, host_header: str) -> None:
    assert parse_target(url) == target
    assert target.host_header == host_header
