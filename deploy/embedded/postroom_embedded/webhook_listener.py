"""A webhook of a running Postroom for as long as this runs. It does so in the environment of the lock."""

import errno
import os
import signal
import sys
import threading
from http import HTTPStatus
from typing import Any

import resend
from resend.exceptions import ResendError

from postroom_domain.webhook_events import EVENT_TYPES
from postroom_embedded.address import parse_port
from postroom_embedded.errors import Refused
from postroom_embedded.saying import complain, say
from postroom_embedded.webhook_server import WebhookServer

_DEVELOPMENT_KEY = "re_dev_postroom"
_PORT = "WEBHOOK_PORT"


def main() -> None:
    url = sys.argv[1]
    resend.api_url = url
    resend.api_key = os.environ.get("RESEND_API_KEY") or _DEVELOPMENT_KEY
    stop_asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: stop_asked.set())
    try:
        _listen(url, stop_asked)
    except Refused as refused:
        complain(str(refused))
        sys.exit(refused.exit_code)


def _listen(url: str, stop_asked: threading.Event) -> None:
    with _open_server() as server:
        try:
            events: list[Any] = sorted(EVENT_TYPES)  # Postroom's own among them
            made = resend.Webhooks.create({"endpoint": server.url, "events": events})
        except ResendError as problem:
            raise Refused(f"{url} refused the webhook: {problem}") from None
        try:
            server.answer(made["signing_secret"])
            say(f"listening at {server.url} as webhook {made['id']}; Ctrl-C removes it")
            stop_asked.wait()
            server.shutdown()
        finally:
            _remove(url, made["id"])


def _open_server() -> WebhookServer:
    text = os.environ.get(_PORT) or ""
    port = parse_port(text, _PORT) if text else 0
    try:
        return WebhookServer(port, say=say, complain=complain)
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            raise Refused(f"port {port} is taken by another program; choose another with {_PORT}") from None
        raise Refused(f"cannot listen on port {port}: {problem.strerror}") from None


def _remove(url: str, webhook_id: str) -> None:
    try:
        resend.Webhooks.remove(webhook_id)
    except ResendError as problem:
        if problem.code == HTTPStatus.NOT_FOUND:  # somebody else has removed it
            return
        raise Refused(f"the webhook {webhook_id} stays behind at {url}: {problem}") from None
    say("removed the webhook")


if __name__ == "__main__":
    main()
