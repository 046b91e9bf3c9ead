import click

from postroom_config.check import check_or_exit


@click.group("config")
def config_group() -> None:
    """The configuration of a release: the POSTROOM_* variables."""


@config_group.command("check")
def check_config() -> None:
    """Check the variables of all processes of this release at once. Asks no backing service.

    Exit code 78 and one report when any of them would not start: it names each variable, what is expected and which
    processes read it, and shows no value.
    """
    count = check_or_exit()
    click.echo(f"The configuration is right for all processes of this release: variables set: {count}.")
