"""Many mails from several clients at once, each sent until it is accepted, as a careful client does."""

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import Any

GIVE_UP_SECONDS = 120
_ANSWER_SECONDS = 15
_PAUSE_SECONDS = 0.2
"""Before a request is repeated. Shorter than the api's retry-after: the clients of a test have no time to be polite."""
_UNAVAILABLE = 503

Batch = range
"""The numbers of the mails of one request; one alone is sent as a single email."""


def singles(count: int, *, first: int = 0) -> list[Batch]:
    """So many emails, each sent alone."""
    return [range(number, number + 1) for number in range(first, first + count)]


class Load:
    """Posts numbered mails; every request carries an idempotency key, so that sending again never doubles it.

    Args:
        urls: of the apis; each repetition goes to the next one.
        key: that they take.
        batches: what the requests carry, in order.
        per_second: mails a second, from the first one's number; None: as fast as it goes.
        clients: how many requests at once.

    Attributes:
        accepted: the id of each accepted mail, by its number.
        answers: how many requests were answered with each status, and how many met another problem, by its name.
        problems: what was refused, or not accepted in time.
    """

    def __init__(
        self,
        urls: Sequence[str],
        key: str,
        batches: Sequence[Batch],
        *,
        per_second: float | None = None,
        clients: int = 8,
    ) -> None:
        self._urls = urls
        self._key = key
        self._waiting = deque(batches)
        self._first = batches[0][0]
        self._per_second = per_second
        self._began = 0.0
        self._lock = threading.Lock()
        self.accepted: dict[int, str] = {}
        self.answers: Counter[str] = Counter()
        self.problems: list[str] = []
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(clients)]

    def start(self) -> None:
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait until every mail is accepted; raises AssertionError when one was refused."""
        for thread in self._threads:
            thread.join()
        if self.problems:
            raise AssertionError(self.problems[:5])

    @property
    def running(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        """Begin no further request."""
        with self._lock:
            self._waiting.clear()

    def _run(self, client: int) -> None:
        for batch in self._due_batches():
            try:
                self._send(batch, first=client)
            except Exception as problem:  # noqa: BLE001 - told by join
                self.problems.append(f"{subject_of(batch[0])}: {problem!r}")

    def _due_batches(self) -> Iterator[Batch]:
        while True:
            with self._lock:
                if not self._waiting:
                    return
                batch = self._waiting.popleft()
            if self._per_second is not None:
                due = self._began + (batch[0] - self._first) / self._per_second
                time.sleep(max(0.0, due - time.monotonic()))
            yield batch

    def _send(self, batch: Batch, *, first: int) -> None:
        mails = [_mail(number) for number in batch]
        path, body = ("/emails", mails[0]) if len(batch) == 1 else ("/emails/batch", mails)
        deadline = time.monotonic() + GIVE_UP_SECONDS
        attempt = first
        while (answer := self._post(self._urls[attempt % len(self._urls)] + path, body, batch)) is None:
            if time.monotonic() > deadline:
                raise TimeoutError("it was not accepted in time")
            time.sleep(_PAUSE_SECONDS)
            attempt += 1
        ids = [one["id"] for one in answer.get("data", [answer])]
        self.accepted |= dict(zip(batch, ids, strict=True))

    def _post(self, url: str, body: object, batch: Batch) -> dict[str, Any] | None:
        """What the api answers; None: it was to be asked again. Any other answer is raised."""
        request = urllib.request.Request(  # noqa: S310 - the stack's own address
            url,
            json.dumps(body).encode(),
            {
                "authorization": f"Bearer {self._key}",
                "content-type": "application/json",
                "idempotency-key": f"{batch[0]}-{batch[-1]}",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 - as above
                content: dict[str, Any] = json.loads(answer.read())
                self._count(str(answer.status))
                return content
        except urllib.error.HTTPError as refusal:
            with refusal:
                self._count(str(refusal.code))
                if refusal.code != _UNAVAILABLE or "retry-after" not in refusal.headers:
                    raise AssertionError(f"{refusal.code}: {refusal.read()[:500]!r}") from refusal
        except (urllib.error.URLError, http.client.HTTPException, OSError) as problem:
            reason = problem.reason if isinstance(problem, urllib.error.URLError) else problem
            self._count(type(reason).__name__)
        return None

    def _count(self, what: str) -> None:
        with self._lock:
            self.answers[what] += 1


def subject_of(number: int) -> str:
    return f"mail {number}"


def recipient_of(number: int) -> str:
    return f"to{number}@example.com"


def _mail(number: int) -> dict[str, str]:
    return {"from": "from@example.com", "to": recipient_of(number), "subject": subject_of(number), "text": "text"}
