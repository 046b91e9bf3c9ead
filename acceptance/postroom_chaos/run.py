"""One run: servers, cluster, load and faults, then quiet, and what came of it."""

import random
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass

from postroom_acceptance.load import Batch, Load
from postroom_chaos.client import SCHEDULES, WEBHOOKS, Client
from postroom_chaos.cluster import Cluster
from postroom_chaos.evidence import read_logs, read_slot_mails, read_taken
from postroom_chaos.explanation import Explainer
from postroom_chaos.faults import FAULTS, System
from postroom_chaos.ledger import HELD, draw_up
from postroom_chaos.plan import make_plan
from postroom_chaos.records import Records
from postroom_chaos.report import Report
from postroom_chaos.settling import read_states, wait_settled, wait_told
from postroom_chaos.slots import draw_up_slots
from postroom_chaos.storm import Storm
from postroom_chaos.telling import draw_up_events
from postroom_database.engine import Database
from postroom_testing.mariadb import MariaDb
from postroom_testing.redis import Redis
from postroom_testing.ses import SesServer
from postroom_testing.sns import SnsServer
from postroom_testing.sns_publisher import SnsPublisher

MAIL_SECONDS = 2
LEASE_SECONDS = 9
_CLIENTS = 16
_LATENCY_SECONDS = 0.02
_BATCH_SHARE = 0.1
_BATCH_MAILS = 20
_TELL_SECONDS = 5.0
_LOOK_SECONDS = 0.2
_TELLING_SECONDS = (0.0, 8.0)
"""SES's events come in any order, and some only after an unknown outcome was not waited for any longer."""
_TWICE_SHARE = 0.05
_IDLE_SECONDS = 120

_QUICK = {
    # Short, so that much happens in ten minutes; the rules are the same.
    "POSTROOM_MAIL_TIMEOUT_SECONDS": str(MAIL_SECONDS),
    "POSTROOM_LEASE_SECONDS": str(LEASE_SECONDS),
    "POSTROOM_UNKNOWN_WAIT_SECONDS": "2",
    "POSTROOM_HINT_AGE_SECONDS": "5",
    # A backlog that takes longer than that is hinted again and again: it waits in the database instead.
    "POSTROOM_HINT_MARK": "200",
    "POSTROOM_SWEEP_SECONDS": "0.5",
    "POSTROOM_DATABASE_TIMEOUT_SECONDS": "3",
    "POSTROOM_DRAIN_SECONDS": "5",
    "POSTROOM_WORKER_THREADS": "4",
    # In this weather the same email can meet many faults: all must reach SES in the end.
    "POSTROOM_MAX_CRASHES": "100",
    "POSTROOM_MAX_RESENDS": "1000",
    # Where the endpoints of webhooks are, and how long one may take to answer.
    "POSTROOM_EGRESS_ALLOW": "127.0.0.0/8",
    "POSTROOM_WEBHOOK_TIMEOUT_SECONDS": "2",
    "AWS_SECRET_ACCESS_KEY": "secret-of-the-tests",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run is.

    Attributes:
        seconds: of load and faults.
        emails: that clients send in this time.
        faults: how many.
        seed: that decides them.
        hold: mail of unknown outcome waits for an operator, instead of being sent again.
    """

    seconds: float
    emails: int
    faults: int
    seed: int
    hold: bool

    def __str__(self) -> str:
        unknown = "held" if self.hold else "sent again"
        return (
            f"seed {self.seed}: {self.emails} emails and {self.faults} faults in {self.seconds:g} s;"
            f" mail of unknown outcome is {unknown}"
        )


def run(wanted: Wanted, say: Callable[[str], None]) -> Report:
    """Do it, telling now and then how it goes."""
    say(str(wanted))
    clock = time.time() - time.monotonic()
    with MariaDb(tcp=True, durable=True) as mariadb, Redis(tcp=True) as redis, SesServer() as ses, SnsServer() as sns:
        ses.max_send_rate = 10_000.0
        ses.max_24_hour_send = -1.0
        ses.latency_seconds = _LATENCY_SECONDS
        url = mariadb.fresh_database()
        environment = {
            "POSTROOM_DATABASE_URL": url,
            "POSTROOM_REDIS_URL": redis.url,
            "POSTROOM_MAIL_URL": ses.mail_url(),
            "POSTROOM_ON_UNKNOWN": "hold" if wanted.hold else "resend",
        }
        environment |= sns.environment() | _QUICK
        with (
            Cluster(environment) as cluster,
            closing(Database(url)) as database,
            SnsPublisher(
                sns,
                [f"{url}/hooks/ses" for url in cluster.stack.urls],
                delay_seconds=_TELLING_SECONDS,
                duplicate_share=_TWICE_SHARE,
                seed=wanted.seed,
            ) as publisher,
            ExitStack() as opened,
        ):
            ses.on_accepted = publisher.publish_mail
            key = cluster.stack.new_key("one")
            client = opened.enter_context(Client(cluster.stack.urls, key, seed=wanted.seed))
            load = Load(
                cluster.stack.urls,
                key,
                make_batches(wanted.seed, wanted.emails),
                per_second=wanted.emails / wanted.seconds,
                clients=_CLIENTS,
            )
            system = System(cluster, mariadb, url, redis, ses)
            kinds = {kind.name: kind for kind in FAULTS}
            storm = Storm(
                make_plan(wanted.seed, FAULTS, count=wanted.faults, seconds=wanted.seconds),
                lambda planned: kinds[planned.kind].begin(system, planned.target),
            )
            teller = _Teller(say, load, storm, ses)
            client.begin_schedules()
            problems = _weather(load, storm, teller)
            client.end_schedules()
            problems += wait_settled(database, teller.tell)
            publisher.wait_idle(_IDLE_SECONDS)
            problems += wait_told(database, teller.tell)
            seconds = time.monotonic() - teller.began
            states = read_states(database)
            slots = draw_up_slots(
                client.slots(),
                read_slot_mails(ses.mails),
                {email_id for email_id, state in states.items() if state == HELD},
                fewest=SCHEDULES * int(wanted.seconds // 60),
            )
            told = client.told()
    logs = read_logs(cluster, clock=clock)
    records = Records(tuple(cluster.lives), tuple(sorted(storm.happened, key=lambda one: one.began)), tuple(logs.notes))
    explainer = Explainer(records, lease_seconds=LEASE_SECONDS)
    taken = read_taken(ses.mails)
    return Report(
        title=str(wanted),
        hold=wanted.hold,
        seconds=seconds,
        clock=clock,
        began=teller.began,
        ledger=draw_up(load.accepted, taken, states, explainer),
        events=draw_up_events({one.email_id for one in taken}, told, WEBHOOKS),
        slots=slots,
        answers=load.answers,
        records=records,
        logs=logs,
        faults=wanted.faults,
        emails=wanted.emails,
        failures=tuple(problems),
    )


class _Teller:
    """Says every few seconds how far it is."""

    def __init__(self, say: Callable[[str], None], load: Load, storm: Storm, ses: SesServer) -> None:
        self.began = self._told_at = time.monotonic()
        self._say = say
        self._load = load
        self._storm = storm
        self._ses = ses

    def tell(self, more: str = "") -> None:
        now = time.monotonic()
        if now - self._told_at < _TELL_SECONDS:
            return
        self._told_at = now
        self._say(
            f"{now - self.began:5.0f} s: accepted {len(self._load.accepted)}, taken by SES {len(self._ses.mails)},"
            f" faults {len(self._storm.happened)}{more}"
        )


def _weather(load: Load, storm: Storm, teller: _Teller) -> list[str]:
    """Load and faults, until both are over; what went wrong."""
    load.start()
    storm.start()
    try:
        while load.running or storm.running:
            time.sleep(_LOOK_SECONDS)
            teller.tell()
    finally:
        load.stop()
        storm.stop()
        storm.join()
    return storm.problems + load.problems


def make_batches(seed: int, emails: int) -> list[Batch]:
    """Requests for so many emails: most carry one, some up to twenty."""
    draw = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    batches, number = [], 0
    while number < emails:
        size = draw.randint(2, _BATCH_MAILS) if draw.random() < _BATCH_SHARE else 1
        batches.append(range(number, min(number + size, emails)))
        number += size
    return batches
