"""Whom an api lets in, and how far: every operation of its document is tried."""

import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from postroom_api_testing.exchange import Answer
from postroom_conformance.contract import Document, operations

Ask = Callable[[str, str, Mapping[str, str]], Answer]
"""Asks the api: method, path, headers."""

Closed = Iterable[tuple[str, str]]
"""Operations, each a method and a path, that need a key."""

REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


def closed_operations(document: Document) -> list[tuple[str, str]]:
    """Method and path of what the document lets nobody do without a key."""
    return [(method, path) for method, path, operation in operations(document) if operation.get("security")]


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def find_open_doors(ask: Ask, closed: Closed, strangers: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Operations that let in one of the strangers, who are headers by what they lack."""
    return [
        f"{method} {path} {lack}: {answer.status}"
        for method, path in closed
        for lack, headers in strangers.items()
        if (answer := ask(method, fill(path), headers)).status not in REFUSED
    ]


def find_rights(ask: Ask, closed: Closed, key: str) -> list[str]:
    """Operations that a key of `sending_access` is not told it may not use."""
    return [
        f"{method} {path}"
        for method, path in closed
        if name_of(ask(method, fill(path), bearer(key))) != "restricted_api_key"
    ]


def find_leaks(ask: Ask, closed: Closed, key: str, ids: Mapping[str, str]) -> list[str]:
    """Operations by which a key sees, or changes, what belongs to another workspace.

    What the other has is told as ids, by the first part of the path that leads to them.
    """
    found = []
    for method, path in closed:
        kind = path.split("/")[1]
        if "{" in path:
            if kind in ids and shown(ask(method, fill(path, ids[kind]), bearer(key))) != shown(
                ask(method, fill(path), bearer(key))
            ):
                found.append(f"{method} {path}")
        elif method == "GET" and any(one in ask(method, path, bearer(key)).body.decode() for one in ids.values()):
            found.append(f"{method} {path}")
    return found


def fill(path: str, first: str | None = None) -> str:
    """A path with an id for each parameter: this one for the first, nobody's for the others."""
    if first is not None:
        path = re.sub(r"\{\w+\}", first, path, count=1)
    return re.sub(r"\{\w+\}", lambda _: str(uuid4()), path)


def name_of(answer: Answer) -> Any:
    """Of the error that is answered."""
    return answer.json().get("name") if answer.status >= HTTPStatus.BAD_REQUEST else None


def shown(answer: Answer) -> tuple[int, str]:
    """What a client sees, but for the ids that it gave itself."""
    return answer.status, re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", answer.body.decode())
