"""Asking before something that cannot be undone."""

import click

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


def ask(question: str, *, yes: bool) -> None:
    """Go on after a yes, or with --yes; otherwise click ends the command with exit code 1."""
    if not yes:
        click.confirm(question, abort=True, err=True)
