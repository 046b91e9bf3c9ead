import sys
from typing import NoReturn

import click

from postroom_admin.opening import opened_database
from postroom_admin.printing import Column, Record, json_option, print_list, print_one
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


def _state(record: Record) -> str:
    return f"{record['status']}, declared" if record["declared"] else str(record["status"])


_name = click.argument("name", callback=_check_name)
_COLUMNS = (Column("id", 36), Column("created_at", 24), Column("state", 20, _state), Column("name"))


@click.group("domain")
def domain_group() -> None:
    """Domains: who may send as whom."""


@domain_group.command("list")
@workspace_option
@json_option
def list_domains(workspace: str, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """List a workspace's domains: id, where it stands, since when, name."""
    with opened_database() as database, database.read() as connection:
        found = domains.of_workspace(connection, find_workspace(connection, workspace))
    nothing = "There are no domains yet; clients add them with POST /domains."
    print_list(map(_record, found), _COLUMNS, as_json=as_json, nothing=nothing)


@domain_group.command("show")
@_name
@json_option
def show(name: str, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Show the domain NAME: whose it is, where it stands, and why."""
    with opened_database() as database, database.read() as connection:
        domain = domains.by_name(connection, name)
    if domain is None:
        _give_up()
    print_one(_record(domain), as_json=as_json)


@domain_group.command("declare")
@_name
def declare(name: str) -> None:
    """Say that NAME is verified, whatever the provider says: for a relay, or an identity that SES has from elsewhere.

    From then on its workspace may send from it, nobody looks at its records, and none are shown. Twice is no error.
    """
    with opened_database() as database, database.begin() as connection:
        held = domains.hold_by_name(connection, name)
        if held is None:
            _give_up()
        if not held.declared:
            domains.declare(connection, held)
            provider_jobs.leave_domain(connection, held.id)
            audit.note(connection, held.workspace_id, audit.OPERATOR, "domain.declared", held.id)
    if held.declared:
        click.echo(f"{name} is declared already: left as it is.")
    else:
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


def _record(domain: AnyRow) -> Record:
    return {
        "id": domain.id,
        "workspace_id": domain.workspace_id,
        "name": domain.name,
        "status": domain.status,
        "declared": domain.declared,
        "reason": domain.reason,
        "dkim_status": domain.dkim_status,
        "dkim_selector": domain.dkim_selector,
        "return_path_status": domain.return_path_status,
        "return_path_label": domain.custom_return_path,
        "region": domain.region,
        "sending": domain.sending,
        "created_at": domain.created_at,
        "verify_asked_at": domain.verify_asked_at,
    }
