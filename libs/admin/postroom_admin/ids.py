"""Ids as arguments."""

from uuid import UUID

import click

from postroom_domain.ids import parse_id


def read_id(_context: click.Context, parameter: click.Parameter, text: str) -> UUID:
    """A callback of click's for an argument that is an id."""
    parsed = parse_id(text)
    if parsed is None:
        raise click.BadParameter("it must be a UUID", param=parameter)
    return parsed
