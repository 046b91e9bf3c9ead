"""Writing what came of an attempt, over what the provider has told of it meanwhile."""

from sqlalchemy import Connection

from postroom_database.repositories import deliveries
from postroom_database.repositories.deliveries import Claim, Outcome, Overtaken
from postroom_database.repositories.suppressions import Added
from postroom_domain.states import State
from postroom_transport.message import Result
from postroom_worker.outcomes import RetryRules, judge


def write_outcome(
    connection: Connection, claim: Claim, result: Result, rules: RetryRules
) -> tuple[Outcome, list[Added]]:
    """What the attempt came to, and the addresses that are suppressed because of it.

    The provider's own event can be here before its answer is: then the attempt is judged with what it told.

    Raises:
        LeaseLost: nothing was written.
    """
    # Nothing was known of the email when it was claimed, so whatever has been told since shows.
    if claim.last_event is State.QUEUED:
        outcome = judge(claim, result, rules)
        try:
            return outcome, deliveries.finish(connection, claim, outcome)
        except Overtaken:
            pass
    claim = deliveries.reread(connection, claim)
    outcome = judge(claim, result, rules)
    return outcome, deliveries.finish(connection, claim, outcome)
