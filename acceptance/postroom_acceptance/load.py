"""Many mails from several clients at once, each sent until it is accepted, as a careful client does."""

import json
import threading
import time
import urllib.error
import urllib.request
from queue import Empty, Queue

GIVE_UP_SECONDS = 120


class Load:
    """Posts numbered mails; every one carries an idempotency key, so that sending again never doubles it.

    Args:
        url: of the api.
        key: that the api takes.
        count: how many mails.
        first: the number of the first one.
        clients: how many at once.
    """

    def __init__(self, url: str, key: str, *, count: int, first: int = 0, clients: int = 8) -> None:
        self._url = url
        self._key = key
        self._numbers: Queue[int] = Queue()
        for number in range(first, first + count):
            self._numbers.put(number)
        self.accepted: dict[str, str] = {}
        self._problems: list[str] = []
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait until every mail is accepted; raises AssertionError when one was refused."""
        for thread in self._threads:
            thread.join()
        if self._problems:
            raise AssertionError(self._problems[:5])

    def _run(self) -> None:
        while True:
            try:
                number = self._numbers.get_nowait()
            except Empty:
                return
            try:
                self._send(number)
            except Exception as problem:  # noqa: BLE001 - told by join
                self._problems.append(f"{number}: {problem!r}")

    def _send(self, number: int) -> None:
        subject = f"mail {number}"
        body = {"from": "from@example.com", "to": f"to{number}@example.com", "subject": subject, "text": "text"}
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while True:
            request = urllib.request.Request(  # noqa: S310 - the stack's own address
                f"{self._url}/emails",
                json.dumps(body).encode(),
                {"authorization": f"Bearer {self._key}", "idempotency-key": subject},
            )
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
                    self.accepted[subject] = json.loads(answer.read())["id"]
                    return
            except urllib.error.HTTPError as refusal:
                if refusal.code != 503 or time.monotonic() > deadline:  # noqa: PLR2004 - "come back later"
                    raise
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.1)
