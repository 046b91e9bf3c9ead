"""Where the api listens."""

import ipaddress
import sys

from postroom_config.errors import EX_CONFIG
from postroom_config.listen import ListenSettings


def choose_host(listen: ListenSettings, *, uses_inbox: bool) -> str:
    """The address to bind.

    With ``inbox:`` everybody who reaches the api can read all mail and knows the development key, so it binds
    loopback and refuses anything else unless an operator says so; the process ends with exit code 78 then.
    """
    if not uses_inbox:
        return listen.host or "0.0.0.0"  # noqa: S104 - a service in a container is reached from outside it
    host = listen.host or "127.0.0.1"
    if not listen.inbox_exposed and not _is_loopback(host):
        sys.stderr.write(
            "POSTROOM_HOST: with POSTROOM_MAIL_URL=inbox: the api binds loopback only, because the inbox shows all"
            " mail to whoever asks. Set POSTROOM_INBOX_EXPOSED=true to allow it.\n"
        )
        sys.exit(EX_CONFIG)
    return host


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
