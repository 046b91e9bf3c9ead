"""Two replicas of the api, asked in turns by one client: neither may know what the other does not."""

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from postroom_conformance.answers import ask
from postroom_images_testing.container import Container

_FOUND = 200


class Client:
    """Of one replica, at a port of its container.

    Args:
        container: the replica's.
        key: that it takes.
    """

    def __init__(self, container: Container, key: str) -> None:
        self._container = container
        self._key = key

    def ask(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Any:
        """What it answers; nothing when it has not got what is asked for."""
        answer = ask(self._container, self._key, method, path, body, headers)
        return answer.json() if answer.status == _FOUND else {}


def find_sticky(first: Container, second: Container, key: str) -> list[str]:
    """What a client is refused, or gets twice, because its next request came to the other replica."""
    return list(_find_sticky(Client(first, key), Client(second, key)))


def _find_sticky(first: Client, second: Client) -> Iterator[str]:
    mail = {
        "from": "from@example.com",
        "to": "to@example.com",
        "subject": f"alternate {secrets.token_hex(4)}",
        "text": "text",
        "scheduled_at": "in 1 hour",
    }
    once = {"idempotency-key": secrets.token_hex(16)}
    email_id = first.ask("POST", "/emails", mail, once)["id"]
    if second.ask("GET", f"/emails/{email_id}").get("subject") != mail["subject"]:
        yield "an email that one took is unknown to the other"
    if second.ask("POST", "/emails", mail, once).get("id") != email_id:
        yield "a request that is repeated at the other is another email"
    second.ask("POST", f"/emails/{email_id}/cancel")
    if first.ask("GET", f"/emails/{email_id}").get("last_event") != "canceled":
        yield "what is canceled at one goes on at the other"
    ids = [email_id, *(one.ask("POST", "/emails", mail)["id"] for one in (second, first, second))]
    pages: list[str] = []
    for one in (first, second):
        cursor = f"&after={pages[-1]}" if pages else ""
        pages += [email["id"] for email in one.ask("GET", f"/emails?limit=2{cursor}").get("data", [])]
    if pages != ids[::-1]:
        yield "a cursor of one leads nowhere at the other"
    for one in ids[1:]:
        first.ask("POST", f"/emails/{one}/cancel")
