"""What no block can see by itself: values that are right one by one, and wrong together."""

import ipaddress
from collections.abc import Iterable, Iterator
from typing import TypeVar

from postroom_config.errors import Problem
from postroom_config.listen import ListenSettings
from postroom_config.mail import MailSettings
from postroom_config.secrets import SecretSettings
from postroom_config.settings import Block
from postroom_config.worker import SPARE_SECONDS, WorkerSettings

B = TypeVar("B", bound=Block)


def find_contradictions(blocks: Iterable[Block]) -> Iterator[Problem]:
    """Those between these blocks. Where a process reads only one of two, there is nothing to contradict it."""
    by_kind = {type(block): block for block in blocks}
    mail = _take(by_kind, MailSettings)
    if mail is None:
        return
    listen, secrets, worker = (
        _take(by_kind, ListenSettings),
        _take(by_kind, SecretSettings),
        _take(by_kind, WorkerSettings),
    )
    if listen is not None and mail.uses_inbox and not listen.inbox_exposed and not _is_loopback(listen.host):
        yield Problem(
            "POSTROOM_HOST",
            "contradiction: with POSTROOM_MAIL_URL=inbox: the api binds loopback only, because the inbox shows all mail"
            " to whoever asks; POSTROOM_INBOX_EXPOSED=true allows it",
        )
    if secrets is not None and not mail.uses_inbox and secrets.hold_example:
        yield Problem(
            "POSTROOM_SECRET_KEY",
            "contradiction: it is the example's, which everybody knows and only POSTROOM_MAIL_URL=inbox: may use; make"
            " one with `openssl rand -hex 32`",
        )
    if worker is not None and worker.lease_seconds < mail.longest_call_seconds + SPARE_SECONDS:
        yield Problem(
            "POSTROOM_LEASE_SECONDS",
            "contradiction: a lease must outlast one call to the provider: it must be at least twice"
            f" POSTROOM_MAIL_TIMEOUT_SECONDS and {SPARE_SECONDS:g} more",
        )


def _take(by_kind: dict[type[Block], Block], kind: type[B]) -> B | None:
    block = by_kind.get(kind)
    return block if isinstance(block, kind) else None


def _is_loopback(host: str | None) -> bool:
    """Without a host the api chooses loopback itself."""
    if host is None or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
