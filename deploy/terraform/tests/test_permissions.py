"""The worker's role and the admin's may do what the code calls, and nothing else.

The calls are read from the source of `postroom_transport`: one that is new there fails here until it is allowed.
"""

import ast
from pathlib import Path

import pytest

from postroom_terraform_testing.module import Applied, Module

TRANSPORT = Path(__file__).resolve().parents[3] / "libs" / "transport" / "postroom_transport"

PREFIXES = {"types_boto3_sesv2": "ses", "types_boto3_sqs": "sqs"}
"""What the actions of a client begin with, by the types that its module names it with."""

OWN_TYPES = {"SnsClient": "sns"}
"""The same, by the name of a type that its module writes itself."""

NO_OPERATIONS = {"close"}
ACTIONS = {
    # With raw content SES checks the older action of that name besides.
    "ses:SendEmail": {"ses:SendEmail", "ses:SendRawEmail"},
    # A batch is allowed by the action for one.
    "sqs:DeleteMessageBatch": {"sqs:DeleteMessage"},
}
ADDRESSES = {"ses": "aws_iam_policy.worker", "sns": "aws_iam_policy.worker", "sqs": "aws_iam_policy.redrive"}


def read_calls(source: str) -> set[str]:
    """The operations of AWS that a module calls, such as ``ses:SendEmail``."""
    tree = ast.parse(source)
    imported = {
        one.module.partition(".")[0] for one in ast.walk(tree) if isinstance(one, ast.ImportFrom) and one.module
    }
    prefixes = [PREFIXES[name] for name in imported if name.startswith("types_boto3")]
    prefixes += [
        OWN_TYPES[one.name] for one in ast.walk(tree) if isinstance(one, ast.ClassDef) and one.name in OWN_TYPES
    ]
    calls = {
        f"{prefix}:{''.join(word.title() for word in call.func.attr.split('_'))}"
        for prefix in prefixes
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and ast.unparse(call.func.value).split(".")[-1] in {"client", "_client"}
        and call.func.attr not in NO_OPERATIONS
    }
    return set().union(*(ACTIONS.get(call, {call}) for call in calls))


def list_needed(service: str) -> set[str]:
    calls = set().union(*(read_calls(path.read_text(encoding="utf-8")) for path in TRANSPORT.glob("*.py")))
    return {call for call in calls if call.startswith(f"{service}:")}


def list_allowed(applied: Applied, address: str) -> set[str]:
    allowed: set[str] = set()
    for statement in applied.statements(address):
        assert statement["Effect"] == "Allow"
        action = statement["Action"]
        allowed |= {action} if isinstance(action, str) else set(action)
    return allowed


def test_the_calls_are_found() -> None:
    assert "ses:GetAccount" in list_needed("ses")
    assert list_needed("sns") == {"sns:ListSubscriptionsByTopic"}
    assert list_needed("sqs") == {"sqs:ReceiveMessage", "sqs:DeleteMessage"}


@pytest.mark.parametrize("services", [("ses", "sns"), ("sqs",)], ids=str)
def test_what_is_called_is_allowed_and_nothing_else(services: tuple[str, ...], applied: Applied) -> None:
    needed = set().union(*(list_needed(service) for service in services))
    assert list_allowed(applied, ADDRESSES[services[0]]) == needed


def test_a_call_that_is_new_needs_a_permission() -> None:
    source = (TRANSPORT / "ses_identities.py").read_text(encoding="utf-8")
    more = source.replace("self._client.get_account()", "self._client.list_contacts()")

    assert read_calls(more) - read_calls(source) == {"ses:ListContacts"}


def test_a_permission_that_is_missing_is_found(copy: Module) -> None:
    copy.replace("iam.tf", '          "ses:GetEmailIdentity",\n', "")

    assert list_needed("ses") - list_allowed(copy.apply(), ADDRESSES["ses"]) == {"ses:GetEmailIdentity"}


def test_a_permission_that_nobody_needs_is_found(copy: Module) -> None:
    copy.replace("iam.tf", '"ses:GetConfigurationSet"', '["ses:GetConfigurationSet", "ses:PutSuppressedDestination"]')

    assert list_allowed(copy.apply(), ADDRESSES["ses"]) - list_needed("ses") - list_needed("sns") == {
        "ses:PutSuppressedDestination"
    }


def test_there_is_no_other_policy(applied: Applied) -> None:
    assert sorted(applied.of_type("aws_iam_policy")) == sorted(set(ADDRESSES.values()))
