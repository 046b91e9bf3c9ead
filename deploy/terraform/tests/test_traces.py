"""What is made carries the deploy's name, and `destroy` leaves nothing of it."""

from collections.abc import Callable
from typing import Any

import pytest

from postroom_terraform_testing.module import Applied, Module
from postroom_terraform_testing.provider import Provider
from postroom_terraform_testing.schemas import RESOURCES

NETWORK = {"vpc_id": "vpc-1", "subnet_ids": ["subnet-1", "subnet-2"], "client_security_group_ids": ["sg-1"]}
NAMES = ("name", "alarm_name", "configuration_set_name", "event_destination_name")


def find_untagged(applied: Applied) -> list[str]:
    return [
        address
        for address, values in applied.resources.items()
        if "tags" in RESOURCES[address.split(".")[0]]["attributes"]
        and values["tags"] != {"team": "platform", "postroom-deploy": "shop"}
    ]


def find_unnamed(applied: Applied) -> list[str]:
    return [
        address
        for address, values in applied.resources.items()
        for name in NAMES
        if name in values and str(values[name]).removeprefix("shop")[:1] not in {"", "-"}
    ]


def test_all_is_tagged_that_can_be(applied: Applied) -> None:
    assert find_untagged(applied) == []


def test_all_names_begin_with_the_deploys(applied: Applied) -> None:
    assert find_unnamed(applied) == []


def test_what_is_not_is_found(copy: Module) -> None:
    copy.replace("dead_letters.tf", '"${var.name}-dead-letters"\n  message', '"dead-letters"\n  message')
    copy.replace("iam.tf", 'SES."\n  tags        = local.tags\n', 'SES."\n')
    applied = copy.apply(name="shop", tags={"team": "platform"})

    assert find_unnamed(applied) == ["aws_sqs_queue.dead_letters"]
    assert find_untagged(applied) == ["aws_iam_policy.worker"]


@pytest.fixture
def left(provider: Provider) -> Callable[[], list[str]]:
    """The types of what is in the account beside what was there when the test began."""
    before = set(provider.account)
    return lambda: sorted(type_ for type_, _ in set(provider.account) - before)


def test_destroy_leaves_nothing(copy: Module, left: Callable[[], list[str]]) -> None:
    copy.apply(public_url="https://mail.example.com", identity={"domain": "example.com"})
    assert len(left()) == 13

    assert copy.destroy() == ""
    assert left() == []


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("eks", {"cluster_name": "one"}),
        ("elasticache", NETWORK | {"auth_token": "0123456789abcdef"}),
        ("rds", NETWORK | {"disposable": True}),
    ],
)
def test_nor_do_the_examples(
    name: str, variables: dict[str, Any], example: Callable[[str], Module], left: Callable[[], list[str]]
) -> None:
    module = example(name)
    module.apply(**variables)
    assert left() != []

    assert module.destroy() == ""
    assert left() == []


def test_a_database_that_is_not_disposable_stays(
    example: Callable[[str], Module], left: Callable[[], list[str]]
) -> None:
    module = example("rds")
    module.apply(**NETWORK)

    assert "Cannot delete protected DB Instance" in module.destroy()
    assert "aws_db_instance" in left()


def test_without_the_protection_its_backups_stay(
    example: Callable[[str], Module], left: Callable[[], list[str]]
) -> None:
    module = example("rds")
    module.replace("main.tf", "deletion_protection       = !var.disposable", "deletion_protection       = false")
    module.apply(**NETWORK)

    assert module.destroy() == ""
    assert left() == ["aws_db_instance_automated_backups", "aws_db_snapshot"]
