import heapq
import http.client
import itertools
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from postroom_testing import ses_events
from postroom_testing.server import wait_until
from postroom_testing.ses_messages import AcceptedMail
from postroom_testing.sns import SnsServer, encode

_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Posted:
    """One attempt. `status` is None when no answer came."""

    message_id: str
    url: str
    status: int | None


@dataclass(order=True)
class _Waiting:
    due: float
    turn: int
    message: dict[str, str] = field(compare=False)


class SnsPublisher:
    """Posts messages of an SNS to hooks, from threads of its own, until each was answered other than "later".

    The hooks stand behind a load balancer, as it were: each message goes to one of them, another attempt to the next.
    AWS gives up after some attempts; this does not, so that what is lost was lost elsewhere.

    Args:
        sns: signs.
        hooks: URLs of `/hooks/ses`; more can be added while it works.
        delay_seconds: the least and the most that a message waits before it is posted. A wide range mixes the order.
        duplicate_share: which part of the messages is posted twice, as SNS may.
        retry_seconds: between two attempts.
        threads: how many post at once.
        seed: of all that is random.

    Attributes:
        posted: every attempt, in order.
    """

    def __init__(
        self,
        sns: SnsServer,
        hooks: Sequence[str],
        *,
        delay_seconds: tuple[float, float] = (0.0, 0.0),
        duplicate_share: float = 0.0,
        retry_seconds: float = 0.2,
        threads: int = 4,
        seed: int = 0,
    ) -> None:
        self.posted: list[Posted] = []
        self.hooks = list(hooks)
        self._sns = sns
        self._delay_seconds = delay_seconds
        self._duplicate_share = duplicate_share
        self._retry_seconds = retry_seconds
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._turns = itertools.count()
        self._waiting: list[_Waiting] = []
        self._busy = 0
        self._changed = threading.Condition()
        self._closing = False
        self._threads = [threading.Thread(target=self._run, name="sns", daemon=True) for _ in range(threads)]

    def publish(self, text: str) -> str:
        """Sign a message and let it be posted; its id."""
        message = self._sns.notification(text)
        with self._changed:
            copies = 2 if self._random.random() < self._duplicate_share else 1
            for _ in range(copies):
                self._put(message, self._random.uniform(*self._delay_seconds), next(self._turns))
        return message["MessageId"]

    def publish_mail(self, mail: AcceptedMail) -> None:
        """What SES publishes of a mail that arrives: Send, then one Delivery for each recipient.

        For `SesServer.on_accepted`. Nothing without a configuration set, as SES does.
        """
        if mail.configuration_set is None:
            return
        self.publish(ses_events.send(mail))
        for address in mail.recipients:
            self.publish(ses_events.delivery(mail, address))

    def is_idle(self) -> bool:
        """Whether all that was published was answered."""
        with self._changed:
            return not self._waiting and not self._busy

    def wait_idle(self, seconds: float) -> None:
        wait_until(self.is_idle, seconds=seconds, what="the hooks to take all messages")

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Give up what was not answered yet."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _put(self, message: dict[str, str], delay_seconds: float, turn: int) -> None:
        heapq.heappush(self._waiting, _Waiting(time.monotonic() + delay_seconds, turn, message))
        self._changed.notify()

    def _run(self) -> None:
        while (waiting := self._next()) is not None:
            url = self.hooks[waiting.turn % len(self.hooks)]
            status = post(url, waiting.message)
            with self._changed:
                self.posted.append(Posted(waiting.message["MessageId"], url, status))
                self._busy -= 1
                if status is None or status >= _SERVER_ERROR:
                    self._put(waiting.message, self._retry_seconds, waiting.turn + 1)

    def _next(self) -> _Waiting | None:
        with self._changed:
            while not self._closing:
                now = time.monotonic()
                if self._waiting and self._waiting[0].due <= now:
                    self._busy += 1
                    return heapq.heappop(self._waiting)
                self._changed.wait(self._waiting[0].due - now if self._waiting else None)
            return None


def post(url: str, message: dict[str, str]) -> int | None:
    """Post one message as SNS does; the status of the answer, None when there was none."""
    parts = urlsplit(url)
    # SNS waits as long (AWS, "Make sure your endpoint is ready to process Amazon SNS messages").
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=15)
    try:
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "User-Agent": "Amazon Simple Notification Service Agent",
            "x-amz-sns-message-type": message["Type"],
            "x-amz-sns-message-id": message["MessageId"],
            "x-amz-sns-topic-arn": message["TopicArn"],
        }
        connection.request("POST", parts.path, encode(message), headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
