"""What Terraform itself says of the module and of each example."""

from collections.abc import Callable
from pathlib import Path

import pytest

from postroom_terraform_testing.module import SOURCE, Module

EXAMPLES = ["eks", "elasticache", "rds"]


def test_these_are_the_examples() -> None:
    assert sorted(path.name for path in (SOURCE / "examples").iterdir()) == EXAMPLES


def test_all_files_are_formatted(copy: Module) -> None:
    assert copy.misformatted() == []


def test_a_file_that_is_not_formatted_is_named(copy: Module) -> None:
    copy.replace("examples/rds/main.tf", "  identifier     =", "  identifier =")

    assert copy.misformatted() == ["examples/rds/main.tf"]


def test_the_module_is_valid(copy: Module) -> None:
    assert copy.complaints() == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_valid(name: str, example: Callable[[str], Module]) -> None:
    assert example(name).complaints() == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("signature_version = 2", "signature_number = 2", 'An argument named "signature_number" is not expected'),
        ('protocol  = "https"', "", 'The argument "protocol" is required'),
        ("aws_sqs_queue.dead_letters.arn", "aws_sqs_queue.dead_letter.arn", "Reference to undeclared resource"),
        ("aws_sqs_queue.dead_letters.arn", "aws_sqs_queue.dead_letters.anr", "Unsupported attribute"),
        ("raw_message_delivery            = false", 'raw_message_delivery = "no"', "a bool is required"),
    ],
)
def test_what_the_provider_does_not_know_is_found(old: str, new: str, complaint: str, copy: Module) -> None:
    copy.replace("events.tf", old, new)

    assert complaint in "\n".join(copy.complaints())


def test_only_the_region_of_the_caller_decides_where(tmp_path: Path) -> None:
    texts = [path.read_text(encoding="utf-8") for path in SOURCE.glob("*.tf")]

    assert not any('provider "aws"' in text for text in texts)
