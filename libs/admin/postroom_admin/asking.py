"""Asking before something that cannot be undone."""

import click

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")

_NOBODY = "Nobody is there to answer: nothing was done. Where there is no terminal, give --yes."


def ask(question: str, *, yes: bool) -> None:
    """Go on after a yes, or with --yes; otherwise the command ends with exit code 1, and Ctrl-C is Ctrl-C."""
    if yes:
        return
    try:
        click.confirm(question, abort=True, err=True)
    except click.Abort as refusal:
        match refusal.__context__:
            case KeyboardInterrupt():
                raise KeyboardInterrupt from None
            case EOFError():
                click.echo(f"\n{_NOBODY}", err=True)
                raise click.exceptions.Exit(1) from None
        raise
