import click

_LONGEST = 100


def check_name(_context: click.Context, parameter: click.Parameter, name: str) -> str:
    """A click callback: names of workspaces and keys, as their columns hold them and a terminal shows them."""
    if not 1 <= len(name) <= _LONGEST or not name.isprintable() or name != name.strip():
        raise click.BadParameter(
            f"it must be 1 to {_LONGEST} printable characters, without space around them", param=parameter
        )
    return name
