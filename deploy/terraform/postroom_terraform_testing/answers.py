"""What AWS tells of a thing only once it is there: names of its own, addresses, keys. Here all of it is made up."""

from typing import Any

import msgspec

from postroom_terraform_testing.schemas import Block

ACCOUNT = "123456789012"
REGION = "eu-west-1"

_UNKNOWN = msgspec.msgpack.Ext(0, b"\0")
"""As Terraform writes what is known only after an apply."""

_TOLD = {
    "aws_caller_identity": {"account_id": ACCOUNT},
    "aws_partition": {"partition": "aws", "dns_suffix": "amazonaws.com"},
    "aws_region": {"region": REGION, "name": REGION},
}
_NAMES = ("name", "identifier", "email_identity", "configuration_set_name", "alarm_name", "replication_group_id")
_ARNS = {
    "aws_iam_policy": "arn:aws:iam::{account}:policy/{name}",
    "aws_iam_role": "arn:aws:iam::{account}:role/{name}",
    "aws_sesv2_configuration_set": "arn:aws:ses:{region}:{account}:configuration-set/{name}",
    "aws_sesv2_email_identity": "arn:aws:ses:{region}:{account}:identity/{name}",
    "aws_sns_topic": "arn:aws:sns:{region}:{account}:{name}",
    "aws_sqs_queue": "arn:aws:sqs:{region}:{account}:{name}",
}


def leave_open(block: Block, values: dict[str, Any]) -> dict[str, Any]:
    """What a plan says: all that AWS tells, and nobody set, is not known yet; what is only written is not kept."""
    flagged = {name: flags for name, (_, flags) in block["attributes"].items()}
    told = {name: _UNKNOWN for name, flags in flagged.items() if "c" in flags and values[name] is None}
    written = dict.fromkeys(name for name, flags in flagged.items() if "w" in flags)
    return values | told | written | _blocks(block, values, leave_open)


def fill(block: Block, values: dict[str, Any], *, type_: str, name: str = "") -> dict[str, Any]:
    """What is there: nothing is unknown any more."""
    name = next((str(values[one]) for one in _NAMES if isinstance(values.get(one), str)), name)
    filled = dict(values)
    for attribute, (kind, flags) in block["attributes"].items():
        if "c" in flags and (values[attribute] is None or values[attribute] == _UNKNOWN):
            filled[attribute] = _TOLD.get(type_, {}).get(attribute) or _make(kind, attribute, type_, name)
    return filled | _blocks(block, values, lambda inner, one: fill(inner, one, type_=type_, name=name))


def _blocks(block: Block, values: dict[str, Any], change: Any) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for name, inner in block.get("blocks", {}).items():
        given = values[name]
        if isinstance(given, list):
            changed[name] = [change(inner, one) for one in given]
        elif given is not None:
            changed[name] = change(inner, given)
    return changed


def _make(kind: Any, attribute: str, type_: str, name: str) -> Any:
    match kind:
        case "string" if attribute == "arn":
            pattern = _ARNS.get(type_, f"arn:aws:{type_}:{{region}}:{{account}}:{{name}}")
            return pattern.format(region=REGION, account=ACCOUNT, name=name)
        case ["object", dict() as attributes]:
            return {inner: _make(kind, inner, type_, name) for inner, kind in attributes.items()}
        case ["list" | "set", inner]:
            return [_make(inner, attribute, type_, name)]
        case ["map", _]:
            return {}
        case _:
            return {"number": 1, "bool": False}.get(kind, f"{name}.{attribute}.{type_}")
