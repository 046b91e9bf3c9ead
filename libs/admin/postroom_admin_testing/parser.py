from collections.abc import Iterator

import click


def leaves(group: click.Group, *before: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that can be run, by its words; a group that does something by itself is one."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, *before, name)
            if command.invoke_without_command:
                yield (*before, name), command
        else:
            yield (*before, name), command
