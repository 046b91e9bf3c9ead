"""Opening the windows in Redis for one command, and ending with a line instead of a stack trace."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from postroom_admin.exit_codes import EXIT_UNAVAILABLE
from postroom_admin.settings import QueueSettings
from postroom_config.load import load_or_exit
from postroom_jobs.broker import HintsUnavailable, open_broker
from postroom_jobs.hints import Hints

_SECONDS = 5.0


@contextmanager
def opened_hints() -> Iterator[Hints]:
    """The windows of this release's config."""
    settings = load_or_exit(QueueSettings)
    broker = open_broker(settings.redis.url.get_secret_value(), timeout_seconds=_SECONDS)
    try:
        yield Hints(broker, settings.hints.mark)
    except HintsUnavailable as problem:
        click.echo(f"{problem}. `doctor` says more.", err=True)
        sys.exit(EXIT_UNAVAILABLE)
    finally:
        broker.client.close()
