import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

import click

from postroom_admin.exit_codes import EXIT_INTERRUPTED, EXIT_UNAVAILABLE
from postroom_admin.opening import opened_database
from postroom_admin.settings import EventSettings
from postroom_config.errors import EX_CONFIG
from postroom_config.load import load_or_exit
from postroom_database.engine import Database
from postroom_database.repositories import provider_messages
from postroom_database.writing import write
from postroom_domain.ids import new_id
from postroom_egress.errors import Refused
from postroom_egress.fetch import Egress
from postroom_egress.target import parse_target
from postroom_transport.errors import TransportError
from postroom_transport.sns_certificates import NoCertificate, SigningCertificates
from postroom_transport.sns_messages import SnsMessage, UnreadableMessage, read_message
from postroom_transport.sns_proof import SnsProof, UnprovenMessage

if TYPE_CHECKING:
    from postroom_transport.ses_dead_letters import DeadLetter, DeadLetters

_SQS_SECONDS = 20.0
_TOLD_EVERY = 100


def _read_url(_context: click.Context, parameter: click.Parameter, text: str) -> str:
    try:
        is_queue = parse_target(text).path.count("/") >= 2  # noqa: PLR2004 - account and name
    except Refused:
        is_queue = False
    if not is_queue:
        raise click.BadParameter("it must be https://sqs.REGION.amazonaws.com/ACCOUNT/NAME", param=parameter)
    return text


@dataclass
class _Tally:
    """Attributes: repeated are those of the taken that were there before; left are in the queue still."""

    taken: int = 0
    repeated: int = 0
    left: set[str] = field(default_factory=set)

    def tell(self) -> None:
        click.echo(f"Taken: {self.taken} ({self.repeated} of them known before). Left in the queue: {len(self.left)}.")


@click.command("redrive")
@click.option("--queue-url", required=True, callback=_read_url, help="Of the subscription's dead-letter queue.")
@click.option("--limit", type=click.IntRange(min=1), help="The most messages to take; without it, all.")
def redrive(queue_url: str, limit: int | None) -> None:
    """Take in what SNS put into a dead-letter queue because no api took it.

    Each message is proven as the api proves it, kept for a worker, and deleted from the queue once that is committed.
    What cannot be proven stays in the queue. It may be stopped at any time and run again: nothing counts twice.
    """
    # It imports boto3, which is slow and opens a socket: no other command is to wait for it.
    from postroom_transport.ses_dead_letters import DeadLetters  # noqa: PLC0415 - see above

    settings = load_or_exit(EventSettings)
    topics = settings.ses_events.topics
    if not topics:
        click.echo("POSTROOM_SES_TOPICS names no topic, so no message could be proven.", err=True)
        sys.exit(EX_CONFIG)
    egress = Egress(settings.egress.allow, settings.egress.timeout_seconds)
    proof = SnsProof(topics, SigningCertificates(egress))
    tally = _Tally()
    try:
        region = topics[0].arn.split(":")[3]
        queue = DeadLetters(queue_url, region=region, timeout_seconds=_SQS_SECONDS)
        with opened_database() as database, closing(queue):
            _take_all(database, queue, proof, tally, limit)
    except TransportError as problem:
        _give_up(tally, f"The queue cannot be used: {problem}.")
    except NoCertificate as problem:
        _give_up(tally, f"The certificate that SNS signs with cannot be fetched: {problem}.")
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
        tally.tell()
        sys.exit(EXIT_INTERRUPTED)
    tally.tell()
    if tally.left:
        sys.exit(1)


def _take_all(database: Database, queue: "DeadLetters", proof: SnsProof, tally: _Tally, limit: int | None) -> None:
    while limit is None or tally.taken < limit:
        letters = queue.receive(None if limit is None else limit - tally.taken)
        # A long run sees again what it left: then there is nothing else.
        if all(letter.id in tally.left for letter in letters):
            return
        _take(database, queue, proof, tally, letters)


def _take(
    database: Database, queue: "DeadLetters", proof: SnsProof, tally: _Tally, letters: "Sequence[DeadLetter]"
) -> None:
    taken: list[DeadLetter] = []
    try:
        for letter in letters:
            message = _prove(proof, letter, tally)
            if message is None:
                continue
            tally.repeated += not _keep(database, message)
            taken.append(letter)
    finally:
        # Whatever ends this early: what is committed needs the queue no more.
        if taken:
            queue.delete(taken)
            before, tally.taken = tally.taken, tally.taken + len(taken)
            if before // _TOLD_EVERY < tally.taken // _TOLD_EVERY:
                click.echo(f"{tally.taken} so far", err=True)


def _prove(proof: SnsProof, letter: "DeadLetter", tally: _Tally) -> SnsMessage | None:
    try:
        message = read_message(letter.body)
        proof.prove(message)
    except UnreadableMessage:
        reason = "It is no message of Amazon SNS. Is raw message delivery on?"
    except UnprovenMessage as problem:
        reason = str(problem)
    else:
        if message.type == "Notification":
            return message
        reason = f"It is a {message.type}, which tells nothing of an email."
    if letter.id not in tally.left:
        click.echo(f"{letter.id} stays in the queue. {reason}", err=True)
        tally.left.add(letter.id)
    return None


def _keep(database: Database, message: SnsMessage) -> bool:
    """Keep it for a worker; False when it was there before."""
    request_id = new_id().hex
    job_id = write(
        database,
        lambda connection: provider_messages.keep(
            connection, message.message_id, message.message, request_id=request_id, hinted=False
        ),
    )
    return job_id is not None


def _give_up(tally: _Tally, what: str) -> NoReturn:
    click.echo(what, err=True)
    tally.tell()
    sys.exit(EXIT_UNAVAILABLE)
