import dataclasses
import difflib
import sys

import click

from postroom_admin.printing import Column, json_option, print_list, print_one
from postroom_config.blocks import TOOL_VARIABLES
from postroom_config.check import check_or_exit
from postroom_config.description import find
from postroom_config.showing import show_environment
from postroom_config.unknown import known_names

_COLUMNS = (Column("name", 36), Column("value", 28), Column("source", 12), Column("readers"))


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


@config_group.command("show")
@json_option
def show_config(as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Show every variable: its value, where that comes from, and which processes read it. Asks no backing service.

    It comes from the variable itself, from the file that NAME_FILE names, from the name that a platform injects, or
    is the default. Secrets are masked: of a URL, user, password and parameters. What is missing or wrong is marked,
    without its value, and then reported as `config check` reports it, with exit code 78.
    """
    records = map(dataclasses.asdict, show_environment())
    print_list(records, _COLUMNS, as_json=as_json, nothing="There are no variables.")
    check_or_exit()


@config_group.command("explain")
@click.argument("name")
@json_option
def explain(name: str, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Explain the variable NAME: type, unit, what is expected, default, example, which processes read it."""
    found = find(name)
    if found is not None:
        print_one(dataclasses.asdict(found), as_json=as_json)
    elif name in TOOL_VARIABLES:
        print_one({"name": name, "readers": ["tools"], "about": TOOL_VARIABLES[name]}, as_json=as_json)
    else:
        near = difflib.get_close_matches(name.upper(), known_names(), n=1)
        click.echo(f"No process reads {name}.{f' Did you mean {near[0]}?' if near else ''}", err=True)
        sys.exit(1)
