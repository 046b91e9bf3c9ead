"""What the run's client has beside its mail: webhooks that are told of it, and schedules that fire each minute."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Any, Self

from postroom_chaos.endpoints import Endpoint
from postroom_chaos.slots import Slot
from postroom_chaos.telling import TYPES, Told

WEBHOOKS = {"steady": 0.0, "moody": 0.01}
"""Names, and the part of the deliveries that each does not take at once."""
SCHEDULES = 5
_GIVE_UP_SECONDS = 120.0
_ANSWER_SECONDS = 15.0
_PAUSE_SECONDS = 0.5
_PAGE = 100


def schedule_name(number: int) -> str:
    return f"schedule {number}"


class Client:
    """Makes webhooks and schedules, asks until it is answered, and ends the schedules.

    Args:
        urls: of the apis; each repetition goes to the next one.
        key: that they take.
        seed: of the endpoints' moods.
    """

    def __init__(self, urls: Sequence[str], key: str, *, seed: int) -> None:
        self._urls = urls
        self._key = key
        self._endpoints = [Endpoint(name, moody_share=share, seed=seed) for name, share in WEBHOOKS.items()]
        self._schedules: dict[str, str] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        for endpoint in self._endpoints:
            self._open.enter_context(endpoint)
            made = self._ask("POST", "/webhooks", {"endpoint": endpoint.url, "events": list(TYPES)})
            endpoint.secret = made["signing_secret"]
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def begin_schedules(self) -> None:
        for number in range(SCHEDULES):
            name = schedule_name(number)
            mail = {"from": "from@example.com", "to": f"slot{number}@example.com", "subject": name, "text": "text"}
            wanted = {
                "name": name,
                "cron": "* * * * *",
                "timezone": "Europe/Berlin",
                "email": mail,
                "catch_up": "all",
                "catch_up_limit": _PAGE,
            }
            self._schedules[name] = self._ask("POST", "/schedules", wanted)["id"]

    def end_schedules(self) -> None:
        for schedule_id in self._schedules.values():
            self._ask("POST", f"/schedules/{schedule_id}/pause", {})

    def slots(self) -> list[Slot]:
        """All that the schedules had."""
        return [slot for name, schedule_id in self._schedules.items() for slot in self._slots_of(name, schedule_id)]

    def told(self) -> list[Told]:
        """All that the endpoints took."""
        return [one for endpoint in self._endpoints for one in endpoint.told]

    def _slots_of(self, name: str, schedule_id: str) -> list[Slot]:
        page = self._ask("GET", f"/schedules/{schedule_id}/slots?limit={_PAGE}")
        if page["has_more"]:
            raise AssertionError("the run is longer than the ledger reads")
        return [Slot(name, datetime.fromisoformat(one["at"]), one["outcome"], one["email_id"]) for one in page["data"]]

    def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Ask until it is answered; raises AssertionError when that was refused or took too long."""
        deadline = time.monotonic() + _GIVE_UP_SECONDS
        attempt = 0
        while (answer := self._try(method, self._urls[attempt % len(self._urls)] + path, body)) is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"{method} {path} was not answered in time")
            time.sleep(_PAUSE_SECONDS)
            attempt += 1
        return answer

    def _try(self, method: str, url: str, body: object) -> dict[str, Any] | None:
        headers = {"authorization": f"Bearer {self._key}", "content-type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - the stack's own address
        try:
            with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 - as above
                content: dict[str, Any] = json.loads(answer.read())
                return content
        except urllib.error.HTTPError as refusal:
            with refusal:
                if refusal.code != 503:  # noqa: PLR2004 - the one that asks for patience
                    raise AssertionError(f"{method} {url}: {refusal.code}: {refusal.read()[:500]!r}") from refusal
        except OSError:
            pass  # it was being killed, most likely
        return None
