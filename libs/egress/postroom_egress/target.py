import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from postroom_egress.errors import Refused

PORTS = {"http": 80, "https": 443}
# Python's parser drops some of these silently, and other parsers read them otherwise: two readings, two hosts.
UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9_.-]*[a-z0-9.])?|[0-9a-f:.]+", re.IGNORECASE)
URL_CHARACTERS = "!#$%&'()*+,/:;=?@[]~"


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart; `path` is ready for the request line, `host` is ASCII, without brackets."""

    tls: bool
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS["https" if self.tls else "http"] else f"{host}:{self.port}"


def parse_target(url: str) -> Target:
    """Raises Refused for whatever is no plain http or https URL."""
    if UNSAFE.search(url):
        raise Refused("the URL holds spaces, control characters or backslashes")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError:
        # "from None": the cause would tell pieces of the URL.
        raise Refused("the URL cannot be parsed") from None
    if parts.scheme not in PORTS:
        raise Refused("the URL is neither http nor https")
    if "@" in parts.netloc:
        raise Refused("the URL holds a user or password")
    if not HOST_NAME.fullmatch(host) or port == 0:
        raise Refused("the URL names no valid host or port")
    path = quote(parts.path or "/", safe=URL_CHARACTERS)
    if parts.query:
        path += "?" + quote(parts.query, safe=URL_CHARACTERS)
    return Target(parts.scheme == "https", host, port or PORTS[parts.scheme], path)
