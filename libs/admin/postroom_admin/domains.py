import sys
from datetime import datetime
from typing import Any, NoReturn

import click

from postroom_admin.moments import show_moment
from postroom_admin.opening import opened_database
from postroom_admin.workspaces import find_workspace, workspace_option
from postroom_database.repositories import audit, domains, provider_jobs
from postroom_database.types import AnyRow
from postroom_domain.domain_names import parse_domain
from postroom_domain.errors import InvalidDomain


def _check_name(_context: click.Context, parameter: click.Parameter, name: str) -> str:
    try:
        return parse_domain(name)
    except InvalidDomain as problem:
        raise click.BadParameter(str(problem), param=parameter) from None


_name = click.argument("name", callback=_check_name)


@click.group("domain")
def domain_group() -> None:
    """Domains: who may send as whom."""


@domain_group.command("list")
@workspace_option
def list_domains(workspace: str) -> None:
    """List a workspace's domains: id, where it stands, since when, name."""
    with opened_database() as database, database.read() as connection:
        found = domains.of_workspace(connection, find_workspace(connection, workspace))
    for domain in found:
        state = f"{domain.status}, declared" if domain.declared else domain.status
        click.echo(f"{domain.id}  {show_moment(domain.created_at)}  {state:<20}  {domain.name}")
    if not found:
        click.echo("There are no domains yet; clients add them with POST /domains.", err=True)


@domain_group.command("show")
@_name
def show(name: str) -> None:
    """Show the domain NAME: whose it is, where it stands, and why."""
    with opened_database() as database, database.read() as connection:
        domain = domains.by_name(connection, name)
    if domain is None:
        _give_up()
    for field, value in _fields(domain):
        click.echo(f"{field:<18} {_show(value)}".rstrip())


@domain_group.command("declare")
@_name
def declare(name: str) -> None:
    """Say that NAME is verified, whatever the provider says: for a relay, or an identity that SES has from elsewhere.

    From then on its workspace may send from it, nobody looks at its records, and none are shown.
    """
    with opened_database() as database, database.begin() as connection:
        held = domains.hold_by_name(connection, name)
        if held is None:
            _give_up()
        domains.declare(connection, held)
        provider_jobs.leave_domain(connection, held.id)
        if not held.declared:
            audit.note(connection, held.workspace_id, audit.OPERATOR, "domain.declared", held.id)
    click.echo(f"Declared {name}: its workspace may send from it.")


@domain_group.command("undeclare")
@_name
def undeclare(name: str) -> None:
    """Take back that NAME is verified: it stands where it stood when it was added. Taking back twice is no error."""
    with opened_database() as database, database.begin() as connection:
        held = domains.hold_by_name(connection, name)
        if held is None:
            _give_up()
        if held.declared:
            domains.undeclare(connection, held)
            audit.note(connection, held.workspace_id, audit.OPERATOR, "domain.undeclared", held.id)
    if held.declared:
        click.echo(f"Undeclared {name}: its workspace may send from it again once it is verified.")
    else:
        click.echo(f"{name} was not declared: left as it is.")


def _give_up() -> NoReturn:
    click.echo("There is no such domain; clients add them with POST /domains.", err=True)
    sys.exit(1)


def _show(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return show_moment(value)
        case _:
            return str(value)


def _fields(domain: AnyRow) -> list[tuple[str, Any]]:
    return [
        ("id", domain.id),
        ("workspace", domain.workspace_id),
        ("name", domain.name),
        ("status", domain.status),
        ("declared", domain.declared),
        ("reason", domain.reason),
        ("dkim", domain.dkim_status),
        ("dkim selector", domain.dkim_selector),
        ("return path", domain.return_path_status),
        ("return path label", domain.custom_return_path),
        ("region", domain.region),
        ("sending", domain.sending),
        ("created", domain.created_at),
        ("verify asked", domain.verify_asked_at),
    ]
