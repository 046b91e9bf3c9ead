"""The variables and outputs that a configuration declares, read as `terraform fmt` lays them out."""

import re
from dataclasses import dataclass
from pathlib import Path

_BLOCK = r'^{kind} "(?P<name>[^"]+)" {{\n(?P<body>.*?)^}}'
_DESCRIPTION = re.compile(r'^  description\s*= "(?P<text>.*)"$', re.MULTILINE)
_TYPE = re.compile(r"^  type\s*= (?P<type>.*)$", re.MULTILINE)
_DEFAULT = re.compile(r"^  default\s*= (?P<default>.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Declared:
    """Attributes: type and default as they are written, up to the end of their line; None where there is none."""

    name: str
    description: str | None
    type: str | None
    default: str | None


def read_variables(folder: Path) -> list[Declared]:
    return _read(folder / "variables.tf", "variable")


def read_outputs(folder: Path) -> list[Declared]:
    return _read(folder / "outputs.tf", "output")


def _read(path: Path, kind: str) -> list[Declared]:
    blocks = re.finditer(_BLOCK.format(kind=kind), path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [_declare(block["name"], block["body"]) for block in blocks]


def _declare(name: str, body: str) -> Declared:
    description, type_, default = _DESCRIPTION.search(body), _TYPE.search(body), _DEFAULT.search(body)
    return Declared(
        name,
        description["text"] if description else None,
        type_["type"].removesuffix("({") if type_ else None,
        default["default"] if default else None,
    )
