from collections import Counter
from functools import partial

import click

from postroom_admin.asking import ask, yes_option
from postroom_admin.opening import opened_database
from postroom_admin.settings import ForgettingSettings
from postroom_config.load import load_or_exit
from postroom_config.retention import RetentionSettings
from postroom_database.forgetting import RetentionRules, batches, forget
from postroom_database.writing import write

_TOLD_EVERY = 10_000


@click.group("retention")
def retention_group() -> None:
    """How long records are kept: POSTROOM_KEEP_BODIES_DAYS, POSTROOM_KEEP_EMAILS_DAYS, POSTROOM_KEEP_AUDIT_DAYS."""


@retention_group.command("run")
@yes_option
def run(yes: bool) -> None:  # noqa: FBT001 - click's way
    """Forget now all that is old enough, as the scheduler does bit by bit: after an import, or with shorter times.

    It works in small batches and leaves the database to others half of the time. Stopped, it can be run again.
    """
    kept = load_or_exit(ForgettingSettings).retention
    ask(f"{_describe(kept)} Older records are deleted. Go on?", yes=yes)
    rules = RetentionRules(bodies_days=kept.bodies_days, emails_days=kept.emails_days, audit_days=kept.audit_days)
    counts: Counter[str] = Counter()
    try:
        with opened_database() as database:
            for what, some in batches(rules).items():
                for count in forget(some, partial(write, database)):
                    before, counts[what] = counts[what], counts[what] + count
                    if before // _TOLD_EVERY < counts[what] // _TOLD_EVERY:
                        click.echo(f"{what}: {counts[what]} so far", err=True)
    finally:
        if done := [f"{what.replace('_', ' ')}: {count}" for what, count in counts.items() if count]:
            click.echo(f"Forgotten. {', '.join(done)}.")
    if not done:
        click.echo("Nothing is old enough.")


def _describe(kept: RetentionSettings) -> str:
    return f"Kept: bodies {_days(kept.bodies_days)}, emails {_days(kept.emails_days)}, audit {_days(kept.audit_days)}."


def _days(days: int) -> str:
    return f"{days} days" if days else "forever"
