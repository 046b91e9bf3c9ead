import threading
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any, Self, TypeVar
from urllib.parse import quote

from postroom_testing.ses_http import SEND_PATH, HttpServer
from postroom_testing.ses_identities import Identities
from postroom_testing.ses_messages import (
    FAULTS,
    AcceptedMail,
    Behaviour,
    FaultError,
    HangError,
    read_mail,
)
from postroom_testing.sns import TOPIC_ARN

REGION = "eu-west-1"
TOLD = ("SEND", "DELIVERY", "DELIVERY_DELAY", "BOUNCE", "COMPLAINT", "REJECT")

_Taken = TypeVar("_Taken")


def make_destination(topic_arn: str | None = TOPIC_ARN, **changes: Any) -> dict[str, Any]:
    """Where a configuration set's events go; None: to no topic."""
    where = {"SnsDestination": {"TopicArn": topic_arn}} if topic_arn else {"CloudWatchDestination": {}}
    return {"Name": "events", "Enabled": True, "MatchingEventTypes": list(TOLD), **where} | changes


class SesServer:
    """An SES that speaks SESv2 over HTTP with the real boto3, and misbehaves when told to.

    Args:
        host: the address to bind; containers reach one of their network's gateway, not this machine's loopback.

    Attributes:
        mails: what was accepted, in order.
        requests: every request that came, as (method, path).
        latency_seconds: wait before each answer of SendEmail.
        max_send_rate, max_24_hour_send, sending_enabled, configuration_sets: what it says about the account.
        production, enforcement, sent_before, event_destinations: likewise.
        identities: what it knows of domains and suppressed addresses.
        on_accepted: told of each mail that is accepted, whether SendEmail is answered or not.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.mails: list[AcceptedMail] = []
        self.requests: list[tuple[str, str]] = []
        self.latency_seconds = 0.0
        self.max_send_rate = 14.0
        self.max_24_hour_send = 50_000.0
        self.sending_enabled = True
        self.production = True
        self.enforcement = "HEALTHY"
        self.sent_before = 0.0
        self.configuration_sets = {"postroom"}
        self.event_destinations = [make_destination()]
        self.identities = Identities(self.configuration_sets)
        self.on_accepted: Callable[[AcceptedMail], None] = lambda _: None
        self._sending = _Mood()
        self._managing = _Mood()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._http = HttpServer(self, host)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.url = f"http://{host}:{self._http.server_address[1]}"

    def mail_url(self, configuration_set: str | None = "postroom") -> str:
        chosen = f"configuration_set={configuration_set}&" if configuration_set else ""
        return f"ses://{REGION}?{chosen}endpoint={quote(self.url, safe='')}"

    def script(self, *behaviours: Behaviour) -> None:
        """Set what the next SendEmail requests meet, one each; afterwards `always` holds again."""
        with self._lock:
            self._sending.script.extend(behaviours)

    def always(self, behaviour: Behaviour) -> None:
        with self._lock:
            self._sending.always = behaviour

    def script_managing(self, *behaviours: Behaviour) -> None:
        """The same for the calls about identities, suppressed addresses and the account."""
        with self._lock:
            self._managing.script.extend(behaviours)

    def always_managing(self, behaviour: Behaviour) -> None:
        with self._lock:
            self._managing.always = behaviour

    def count_sends(self) -> int:
        """How many SendEmail requests came, answered or not."""
        return self.count("POST", SEND_PATH)

    def count(self, method: str, path: str) -> int:
        """How many such requests came, answered or not."""
        return list(self.requests).count((method, path))

    def count_connections(self) -> int:
        """How many are open."""
        return self._http.count_connections()

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        self._http.cut_connections()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def note(self, method: str, path: str) -> None:
        with self._lock:
            self.requests.append((method, path))

    def meet(self, body: dict[str, Any], access_key: str) -> AcceptedMail | None:
        """Take one mail; None: cut the connection. Raises FaultError, HangError."""
        behaviour = self._next(self._sending)
        self._closing.wait(self.latency_seconds)
        message_id = f"0102{uuid.uuid4().hex[:12]}-{uuid.uuid4()}-000000"
        mail = read_mail(body, access_key=access_key, message_id=message_id)

        def accept() -> AcceptedMail:
            with self._lock:
                self.mails.append(mail)
            self.on_accepted(mail)
            return mail

        return self._behave(behaviour, accept)

    def manage(self, answer: Callable[[dict[str, Any]], dict[str, Any]], body: dict[str, Any]) -> dict[str, Any] | None:
        """Answer one call about identities, suppressed addresses or the account, likewise."""

        def carry_out() -> dict[str, Any]:
            with self._lock:
                return answer(body)

        return self._behave(self._next(self._managing), carry_out)

    def _next(self, mood: "_Mood") -> Behaviour:
        with self._lock:
            return mood.script.popleft() if mood.script else mood.always

    def wait_closing(self, seconds: float) -> bool:
        """Wait that long at most; whether the server closes."""
        return self._closing.wait(seconds)

    def _behave(self, behaviour: Behaviour, accept: Callable[[], _Taken]) -> _Taken | None:
        if fault := FAULTS.get(behaviour):
            raise FaultError(fault.status, fault.name, fault.text)
        answer = None if behaviour in {Behaviour.HANG, Behaviour.DROP} else accept()
        if behaviour in {Behaviour.HANG, Behaviour.HANG_AFTER}:
            raise HangError
        return answer if behaviour is Behaviour.ACCEPT else None

    def describe_account(self) -> dict[str, Any]:
        return {
            "DedicatedIpAutoWarmupEnabled": False,
            "EnforcementStatus": self.enforcement,
            "ProductionAccessEnabled": self.production,
            "SendQuota": {
                "Max24HourSend": self.max_24_hour_send,
                "MaxSendRate": self.max_send_rate,
                "SentLast24Hours": self.sent_before + sum(len(mail.recipients) for mail in self.mails),
            },
            "SendingEnabled": self.sending_enabled,
        }


class _Mood:
    """What the next requests meet, one each, and all others."""

    def __init__(self) -> None:
        self.always = Behaviour.ACCEPT
        self.script: deque[Behaviour] = deque()
