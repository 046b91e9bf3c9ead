"""No policy says more than it must: whose, what, on what."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from postroom_terraform_testing.module import Applied, Module

WITHOUT_RESOURCE = {"ses:GetAccount", "ses:DeleteSuppressedDestination"}
"""Actions of which AWS knows no resource: Service Authorization Reference, "Amazon Simple Email Service v2"."""

IDENTITIES = "arn:aws:ses:eu-west-1:123456789012:identity/*"


def find_wildcards(applied: Applied) -> list[str]:
    return [
        f"{address}: {statement.get('Sid')}: {problem}"
        for address, statement in _statements(applied)
        for problem in _problems(statement)
    ]


def _statements(applied: Applied) -> Iterator[tuple[str, dict[str, Any]]]:
    for address, values in applied.resources.items():
        for attribute in ("policy", "assume_role_policy"):
            if isinstance(values.get(attribute), str) and values[attribute].startswith("{"):
                for statement in json.loads(values[attribute])["Statement"]:
                    yield address, statement


def _problems(statement: dict[str, Any]) -> Iterator[str]:
    actions, resources = _list(statement["Action"]), _list(statement.get("Resource", []))
    yield from (action for action in actions if "*" in action)
    if "*" in json.dumps(statement.get("Principal", "")):
        yield "every principal"
    for resource in resources:
        if resource == "*" and set(actions) <= WITHOUT_RESOURCE and statement["Condition"]:
            continue
        if "*" in resource and resource != IDENTITIES:
            yield resource


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_the_policies_are_found(applied: Applied) -> None:
    assert len(list(_statements(applied))) == 9


def test_nothing_is_open_that_need_not_be(applied: Applied) -> None:
    assert find_wildcards(applied) == []


@pytest.mark.parametrize("oidc", [None, "arn:aws:iam::123456789012:oidc-provider/oidc.example.com/id/1"])
def test_nor_in_the_role_for_kubernetes(oidc: str | None, example: Callable[[str], Module]) -> None:
    assert find_wildcards(example("eks").apply(cluster_name="one", oidc_provider_arn=oidc)) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        (
            "iam.tf",
            'Action   = "ses:GetConfigurationSet"\n        Resource = aws_sesv2_configuration_set.postroom.arn',
            'Action   = "ses:GetConfigurationSet"\n        Resource = "*"',
            "aws_iam_policy.worker: ReadConfigurationSet: *",
        ),
        ("iam.tf", '["ses:SendEmail", "ses:SendRawEmail"]', '["ses:Send*"]', "aws_iam_policy.worker: Send: ses:Send*"),
        (
            "dead_letters.tf",
            '{ Service = "sns.amazonaws.com" }',
            '"*"',
            "aws_sqs_queue_policy.dead_letters: OnlyThisTopic: every principal",
        ),
        (
            "iam.tf",
            "Resource = aws_sqs_queue.dead_letters.arn",
            'Resource = "${aws_sqs_queue.dead_letters.arn}*"',
            "aws_iam_policy.redrive: TakeIn: arn:aws:sqs:eu-west-1:123456789012:postroom-dead-letters*",
        ),
    ],
)
def test_a_wildcard_is_found(file: str, old: str, new: str, problem: str, copy: Module) -> None:
    copy.replace(file, old, new)

    assert find_wildcards(copy.apply()) == [problem]


def test_the_senders_can_be_named(copy: Module) -> None:
    applied = copy.apply(sender_domains=["mail.example.com"])

    assert IDENTITIES not in applied.resources["aws_iam_policy.worker"]["policy"]
    send, register = applied.statements("aws_iam_policy.worker")[:2]
    assert send["Resource"] == [
        "arn:aws:ses:eu-west-1:123456789012:identity/mail.example.com",
        "arn:aws:ses:eu-west-1:123456789012:configuration-set/postroom",
    ]
    assert register["Resource"] == ["arn:aws:ses:eu-west-1:123456789012:identity/mail.example.com"]


def test_what_is_about_the_account_is_for_one_region(applied: Applied) -> None:
    about = [one for one in applied.statements("aws_iam_policy.worker") if one["Resource"] == "*"]

    assert [one["Condition"] for one in about] == [{"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}]
