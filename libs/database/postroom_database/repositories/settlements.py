"""A provider's own word about an email: written down, and what was unknown is settled by it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from postroom_database.models import Email, Recipient
from postroom_database.repositories import recipients, suppressions, timelines
from postroom_database.repositories.suppressions import Added, NewSuppression
from postroom_database.repositories.timelines import NewEvent
from postroom_database.types import AnyRow, Now
from postroom_domain.provider_messages import MessageResult
from postroom_domain.reports import Happening, Report, Sighting
from postroom_domain.settlement import Standing, settle
from postroom_domain.states import ENDS, State
from postroom_domain.suppressions import origin_of, suppressed_form

_NEVER_TRIED = {State.SCHEDULED, State.CANCELED}


@dataclass(frozen=True, slots=True)
class Accounted:
    """What was written.

    Attributes:
        before, after: where the email stood and stands; None where it is not known.
        strangers: recipients that the report names and the email does not.
    """

    result: MessageResult
    workspace_id: UUID | None = None
    request_id: str | None = None
    before: State | None = None
    after: State | None = None
    strangers: int = 0
    suppressed: tuple[Added, ...] = ()


def account(connection: Connection, report: Report | Sighting) -> Accounted:
    """Write down what the provider says. That it is said once, the caller sees to: in the same transaction."""
    # The row's lock is taken before anything else of the email is read: two reports, or a report and a worker's
    # outcome, go one after the other.
    email = connection.execute(
        select(
            Email.workspace_id,
            Email.request_id,
            Email.state,
            Email.last_event,
            Email.message_id,
            Email.to_list,
            Email.cc_list,
            Email.bcc_list,
        )
        .where(Email.id == report.email_id)
        .with_for_update()
    ).one_or_none()
    if email is None:
        return Accounted(MessageResult.UNMATCHED)
    state = State(email.state)
    if state in _NEVER_TRIED:
        return Accounted(MessageResult.UNEXPECTED, email.workspace_id, email.request_id, state, state)
    if isinstance(report, Sighting):
        _append_sighting(connection, report, email)
        return Accounted(MessageResult.ACCOUNTED, email.workspace_id, email.request_id, state, state)
    written = _written(connection, report.email_id)
    standing = _standing(email, written)
    happened, strangers = _match(standing, report)
    settled = settle(standing, report.told, happened)
    _write_recipients(connection, report.email_id, _climbed(standing, settled, happened), written)
    _write_email(connection, report, email, standing, settled)
    _append_events(connection, report, email, happened, was_sent=standing.is_sent, is_sent=settled.is_sent)
    return Accounted(
        MessageResult.ACCOUNTED,
        email.workspace_id,
        email.request_id,
        standing.state,
        settled.state,
        strangers,
        tuple(_suppress(connection, report, email, happened)),
    )


def _written(connection: Connection, email_id: UUID) -> dict[str, State]:
    rows = connection.execute(select(Recipient.address, Recipient.state).where(Recipient.email_id == email_id))
    return {address: State(state) for address, state in rows}


def _standing(email: AnyRow, written: Mapping[str, State]) -> Standing:
    return Standing(
        State(email.state),
        State(email.last_event),
        {address: written.get(address, State.QUEUED) for address in recipients.envelope(email)},
    )


def _match(standing: Standing, report: Report) -> tuple[dict[str, Happening], int]:
    """What happened by the addresses of the envelope, and how many recipients are not in it.

    Upper and lower case do not matter. What was sent to one recipient is always about that one: what a bounce names is
    where a forwarding server last sent it.
    """
    envelope = list(standing.recipients)
    only = _only(envelope, report)
    spellings: dict[str, list[str]] = {}
    for address in envelope:
        spellings.setdefault(suppressed_form(address), []).append(address)
    happened: dict[str, Happening] = {}
    strangers = 0
    for happening in report.happenings:
        if happening.address in standing.recipients:
            found = [happening.address]
        else:
            found = spellings.get(suppressed_form(happening.address), only)
        strangers += not found
        happened |= dict.fromkeys(found, happening)
    return happened, strangers


def _only(envelope: list[str], report: Report | Sighting) -> list[str]:
    """The one recipient, when there is no other; nor was there one when it was sent, who was erased since."""
    known = {suppressed_form(address) for address in envelope}
    is_only = len(envelope) == 1 and all(suppressed_form(address) in known for address in report.sent_to)
    return envelope if is_only else []


def _climbed(
    standing: Standing, settled: Standing, happened: Mapping[str, Happening]
) -> dict[str, tuple[State, str | None]]:
    """Recipients whose state is another one now, and why."""
    return {
        address: (state, happened[address].reason)
        for address, state in settled.recipients.items()
        if state is not standing.recipients[address]
    }


def _write_recipients(
    connection: Connection,
    email_id: UUID,
    climbed: Mapping[str, tuple[State, str | None]],
    written: Mapping[str, State],
) -> None:
    changes: dict[tuple[State, str | None], list[str]] = {}
    for address in climbed.keys() & written.keys():
        changes.setdefault(climbed[address], []).append(address)
    for (state, reason), addresses in changes.items():
        connection.execute(
            update(Recipient)
            .where(Recipient.email_id == email_id, Recipient.address.in_(addresses))
            .values(state=state.value, reason=reason, updated_at=Now())
        )
    news = [
        {"email_id": email_id, "address": address, "state": state.value, "reason": reason}
        for address, (state, reason) in climbed.items()
        if address not in written
    ]
    if news:
        connection.execute(insert(Recipient), news)


def _write_email(connection: Connection, report: Report, email: AnyRow, standing: Standing, settled: Standing) -> None:
    values: dict[str, Any] = {}
    if email.message_id is None:
        values["message_id"] = report.message_id
    if settled.last_event is not standing.last_event:
        values["last_event"] = settled.last_event.value
    if settled.state is not standing.state:
        reason = next((one.reason for one in report.happenings), None) if settled.state is State.FAILED else None
        values |= {"state": settled.state.value, "reason": reason, "held_because": None, "crashes": 0, "unknowns": 0}
        if settled.state in ENDS:
            values["due_at"] = Now()
    if values:
        connection.execute(update(Email).where(Email.id == report.email_id).values(values))


def _append_events(
    connection: Connection,
    report: Report,
    email: AnyRow,
    happened: Mapping[str, Happening],
    *,
    was_sent: bool,
    is_sent: bool,
) -> None:
    """The timeline keeps all. That it was sent, it says once, by whatever tells it first."""
    news = [NewEvent("email.sent")] if is_sent and not was_sent else []
    if report.told is not State.SENT:
        news += [NewEvent(f"email.{report.told}", address, happening.data) for address, happening in happened.items()]
    timelines.append(connection, email.workspace_id, report.email_id, news)


def _append_sighting(connection: Connection, sighting: Sighting, email: AnyRow) -> None:
    only = _only(recipients.envelope(email), sighting)
    event = NewEvent(f"email.{sighting.seen}", only[0] if only else None, sighting.data)
    timelines.append(connection, email.workspace_id, sighting.email_id, [event])


def _suppress(connection: Connection, report: Report, email: AnyRow, happened: Mapping[str, Happening]) -> list[Added]:
    wanted = [
        NewSuppression(address, origin, report.email_id)
        for address, happening in happened.items()
        if (origin := origin_of(report.told, happening.data)) is not None
    ]
    return suppressions.add(connection, email.workspace_id, wanted)
