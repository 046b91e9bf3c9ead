import re
from collections.abc import Callable
from pathlib import Path

import pytest

from postroom_terraform_testing.blocks import Declared, read_outputs, read_variables
from postroom_terraform_testing.module import SOURCE, Applied, Module

CONFIGURATIONS = [SOURCE, *sorted((SOURCE / "examples").iterdir())]
HOW_TO = Path(__file__).resolve().parents[3] / "docs/how-to/deploy-aws.md"
REFERENCE = Path(__file__).resolve().parents[3] / "docs/reference/configuration.md"
ASKED = ["environment", "worker_policy_arn", "redrive_policy_arn", "dead_letter_queue_url", "worker_role_name"]
NETWORK = {"vpc_id": "vpc-1", "subnet_ids": ["subnet-1", "subnet-2"], "client_security_group_ids": ["sg-1"]}


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=lambda path: path.name)
def test_each_output_says_what_it_is(configuration: Path) -> None:
    assert read_outputs(configuration) != []
    assert [one.name for one in read_outputs(configuration) if not one.description] == []


def test_the_readme_lists_the_outputs_as_they_are() -> None:
    page = (SOURCE / "README.md").read_text(encoding="utf-8")
    rows = [f"| `output {one.name}` | {one.description} |\n" for one in read_outputs(SOURCE)]

    assert [row for row in rows if row not in page] == []
    assert page.count("\n| `output ") == len(rows)


def test_the_environment_is_what_postroom_reads(applied: Applied) -> None:
    assert applied.outputs["environment"] == {
        "POSTROOM_MAIL_URL": "ses://eu-west-1?configuration_set=shop",
        "POSTROOM_SES_TOPICS": "arn:aws:sns:eu-west-1:123456789012:shop-events",
        "POSTROOM_PUBLIC_URL": "https://mail.example.com/postroom",
    }


def test_the_public_address_is_named_once_it_is_known(plain: Applied) -> None:
    assert sorted(plain.outputs["environment"]) == ["POSTROOM_MAIL_URL", "POSTROOM_SES_TOPICS"]


def test_all_variables_are_documented(applied: Applied, example: Callable[[str], Module]) -> None:
    known = set(re.findall(r"`(POSTROOM_[A-Z_]+)`", REFERENCE.read_text(encoding="utf-8")))
    rds = example("rds").apply(**NETWORK)
    redis = example("elasticache").apply(**NETWORK, auth_token="0123456789abcdef")
    named = [name for one in (applied, rds, redis) for name in one.outputs["environment"]]

    assert len(named) == 5
    assert [name for name in named if name not in known] == []


def test_the_rest_names_what_was_made(applied: Applied) -> None:
    queue = applied.resources["aws_sqs_queue.dead_letters"]

    assert applied.outputs["worker_policy_arn"] == applied.resources["aws_iam_policy.worker"]["arn"]
    assert applied.outputs["redrive_policy_arn"] == applied.resources["aws_iam_policy.redrive"]["arn"]
    assert applied.outputs["dead_letter_queue_url"] == queue["url"]


def test_the_how_to_asks_for_outputs_and_sets_variables_that_there_are() -> None:
    page = HOW_TO.read_text(encoding="utf-8")
    asked = set(re.findall(r"terraform(?: -chdir=\S+)? output (?:-raw )?([a-z_]+)", page))
    given = re.findall(r"(?:-var |TF_VAR_)([a-z_]+)=|(?:^|')([a-z_]+) += ", page, re.MULTILINE)
    set_ = {name for pair in given for name in pair if name}

    assert asked == set(ASKED)
    assert {name for name in asked if not _has(read_outputs, name)} == set()
    assert set_ >= {"cluster_name", "public_url", "disposable", "auth_token", "vpc_id", "subnet_ids"}
    assert {name for name in set_ if not _has(read_variables, name)} == set()


def _has(read: Callable[[Path], list[Declared]], name: str) -> bool:
    return any(one.name == name for configuration in CONFIGURATIONS for one in read(configuration))
