"""One event for the eyes of a person."""

import json
from typing import Any

_COLOURS = {
    "debug": "\x1b[2m",
    "info": "\x1b[32m",
    "warning": "\x1b[33m",
    "error": "\x1b[31m",
    "critical": "\x1b[1;31m",
}
_DIM = "\x1b[2m"
_BOLD = "\x1b[1m"
_PLAIN = "\x1b[0m"
_FIXED = ("ts", "level", "service", "release", "event", "traceback")


class TextFormat:
    """Time, level, service, event, then the data as `name=value`.

    A traceback follows on lines of its own, indented: this format is read by people, JSON by programs.
    """

    def __init__(self, *, coloured: bool) -> None:
        self._coloured = coloured

    def __call__(self, fields: dict[str, Any]) -> str:
        level = fields["level"]
        parts = [
            self._paint(_DIM, fields["ts"][11:23]),
            self._paint(_COLOURS.get(level, ""), f"{level:<8}"),
            f"{fields['service']:<9}",
            self._paint(_BOLD, _show(fields["event"])),
        ]
        parts += [
            f"{self._paint(_DIM, f'{name}=')}{_show(value)}" for name, value in fields.items() if name not in _FIXED
        ]
        lines = [" ".join(parts)]
        lines += [f"    {_printable(line)}" for line in fields.get("traceback", "").splitlines()]
        return "\n".join(lines) + "\n"

    def _paint(self, colour: str, text: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._coloured else text


def _show(value: Any) -> str:
    if isinstance(value, str):
        plain = value and value.isprintable() and not any(sign in value for sign in ' "=')
        return value if plain else _quote(value)
    return _quote(value)


def _quote(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(value)


def _printable(line: str) -> str:
    """Control characters of a message could move a terminal's cursor or change its colours."""
    return "".join(sign if sign.isprintable() else "?" for sign in line)
