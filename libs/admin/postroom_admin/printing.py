"""How lists and single things are printed: in columns for people, as JSON for programs."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import click
import msgspec

from postroom_admin.moments import show_moment

Record: TypeAlias = Mapping[str, Any]
"""What is known of one thing, by the names that programs are given."""

json_option = click.option("--json", "as_json", is_flag=True, help="For programs: JSON with all fields.")


@dataclass(frozen=True, slots=True)
class Column:
    """What people see of a list.

    Attributes:
        title: the name of the field, unless `read` gives the value.
        width: of most values; a longer one pushes the rest of its line.
    """

    title: str
    width: int = 0
    read: Callable[[Record], Any] | None = None

    def show(self, record: Record) -> str:
        value = record[self.title] if self.read is None else self.read(record)
        return f"{show_value(value):<{self.width}}"


@dataclass(frozen=True, slots=True)
class Section:
    """A list that belongs to one thing.

    Attributes:
        nothing: said in place of an empty list.
    """

    columns: Sequence[Column]
    nothing: str


def print_list(records: Iterable[Record], columns: Sequence[Column], *, as_json: bool, nothing: str) -> None:
    """Print a line for each record: one JSON object, or columns, with their titles above them in a terminal.

    Args:
        records: all of them; each is printed as it comes.
        columns: for people; programs are given all fields.
        as_json: for programs.
        nothing: said on stderr when there is none.
    """
    is_first = True
    for record in records:
        if is_first and not as_json and sys.stdout.isatty():
            click.echo(_join(f"{column.title.upper():<{column.width}}" for column in columns))
        is_first = False
        click.echo(encode(record) if as_json else _line(record, columns))
    if is_first:
        click.echo(nothing, err=True)


def print_one(record: Record, *, as_json: bool, sections: Mapping[str, Section] | None = None) -> None:
    """Print all fields of one thing: as one JSON object, or a line each.

    Args:
        record: the thing.
        as_json: for programs.
        sections: those fields that are lists of records, for people below the others.
    """
    if as_json:
        click.echo(encode(record))
        return
    sections = sections or {}
    labels = {name: label_of(name) for name in record if name not in sections}
    width = max(map(len, labels.values()), default=0) + 1
    for name, label in labels.items():
        click.echo(f"{label:<{width}} {show_value(record[name])}".rstrip())
    for place, (name, section) in enumerate(sections.items()):
        if labels or place:
            click.echo()
        click.echo(label_of(name))
        for one in record[name]:
            click.echo(f"  {_line(one, section.columns)}")
        if not record[name]:
            click.echo(f"  {section.nothing}")


def label_of(name: str) -> str:
    """A field's name as people read it."""
    return name.removesuffix("_at").replace("_", " ")


def show_value(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case datetime():
            return show_moment(value)
        case [*several]:
            return ", ".join(map(show_value, several))
        case _:
            return encode(value) if isinstance(value, dict) else str(value)


def encode(record: Record) -> str:
    """One line of JSON; moments are RFC 3339, as people see them."""
    return msgspec.json.encode(_plain(record)).decode()


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return show_moment(value)
        case Mapping():
            return {name: _plain(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case _:
            return value


def _line(record: Record, columns: Sequence[Column]) -> str:
    return _join(column.show(record) for column in columns)


def _join(texts: Iterable[str]) -> str:
    return "  ".join(texts).rstrip()
