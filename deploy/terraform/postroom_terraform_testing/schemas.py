"""What the provider hashicorp/aws knows of each type: names, types, and who sets what. `aws.json` holds it.

An attribute is `[type, flags]`: the type as Terraform's own JSON has it; r: required, o: optional, c: AWS tells it,
w: only written, never kept. Where the provider is installed, `terraform providers schema -json` prints the like.
"""

import json
from pathlib import Path
from typing import Any

from postroom_terraform_testing.wire import field

Block = dict[str, Any]

VERSION = "6.69"
"""Of the provider whose schemas these are."""

_KNOWN: dict[str, dict[str, Block]] = json.loads(Path(__file__).with_name("aws.json").read_text(encoding="utf-8"))
RESOURCES = _KNOWN["resources"]
DATA_SOURCES = _KNOWN["data"]
PROVIDER: Block = {"attributes": {"region": ["string", "o"]}}

_NESTINGS = {"single": 1, "list": 2, "set": 3}


def encode(block: Block) -> bytes:
    """As the message Schema of plugin protocol 5."""
    return field(2, _encode_block(block))


def _encode_block(block: Block) -> bytes:
    attributes = b"".join(field(2, _encode_attribute(name, *one)) for name, one in block["attributes"].items())
    return attributes + b"".join(field(3, _encode_nested(name, one)) for name, one in block.get("blocks", {}).items())


def _encode_attribute(name: str, type_: object, flags: str) -> bytes:
    flagged = (field(number, int(flag in flags)) for number, flag in ((4, "r"), (5, "o"), (6, "c"), (10, "w")))
    return field(1, name) + field(2, json.dumps(type_)) + b"".join(flagged)


def _encode_nested(name: str, block: Block) -> bytes:
    return (
        field(1, name)
        + field(2, _encode_block(block))
        + field(3, _NESTINGS[block["nesting"]])
        + field(4, block.get("min", 0))
        + field(5, block.get("max", 0))
    )
