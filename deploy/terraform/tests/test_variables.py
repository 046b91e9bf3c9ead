from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from postroom_terraform_testing.blocks import Declared, read_variables
from postroom_terraform_testing.module import SOURCE, Module

CONFIGURATIONS = [SOURCE, *sorted((SOURCE / "examples").iterdir())]
KEY = {"selector": "one", "private_key": "MIIEvQ=="}


def find_unsaid(folder: Path) -> list[str]:
    return [one.name for one in read_variables(folder) if not one.description or not one.type]


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=lambda path: path.name)
def test_each_variable_says_what_it_is(configuration: Path) -> None:
    assert read_variables(configuration) != []
    assert find_unsaid(configuration) == []


def test_a_variable_that_does_not_is_found(copy: Module) -> None:
    copy.replace("variables.tf", "  type        = map(string)\n", "")

    assert find_unsaid(copy.folder) == ["tags"]


def test_the_readme_lists_the_variables_as_they_are() -> None:
    page = (SOURCE / "README.md").read_text(encoding="utf-8")

    assert [row for row in map(_row, read_variables(SOURCE)) if row not in page] == []
    assert page.count("\n| `") == len(read_variables(SOURCE)) + page.count("\n| `output ")


def _row(one: Declared) -> str:
    default = "required" if one.default is None else f"`{one.default}`"
    return f"| `{one.name}` | `{one.type}` | {default} | {one.description} |\n"


@pytest.mark.parametrize(
    "variables",
    [
        {"name": "postroom-2"},
        {"public_url": "https://mail.example.com"},
        {"public_url": "https://mail.example.com:8443/postroom"},
        {"sender_domains": ["mail.example.com", "xn--bcher-kva.example"]},
        {"topic_key_arn": "arn:aws-cn:kms:cn-north-1:123456789012:key/0a1b2c3d"},
        {"identity": {"domain": "mail.example.com", "return_path": "bounce"}},
        {"identity": {"domain": "mail.example.com"}, "identity_dkim": KEY},
    ],
    ids=str,
)
def test_what_is_right_is_taken(variables: dict[str, Any], module: Module) -> None:
    assert module.refusal(**variables) == ""


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"name": "Postroom"}, "name: 2 to 32 lower-case letters"),
        ({"name": "postroom-"}, "name: 2 to 32 lower-case letters"),
        ({"public_url": "http://mail.example.com"}, "public_url: https://HOST"),
        ({"public_url": "https://mail.example.com/"}, "public_url: https://HOST"),
        ({"public_url": "https://user@mail.example.com"}, "public_url: https://HOST"),
        ({"sender_domains": ["*.example.com"]}, "sender_domains: names of domains"),
        ({"sender_domains": ["*"]}, "sender_domains: names of domains"),
        ({"topic_key_arn": "alias/aws/sns"}, "topic_key_arn: the ARN of a key"),
        ({"identity": {"domain": "Example.com"}}, "identity: domain is the name of a domain"),
        ({"identity": {"domain": "example.com", "return_path": "a.b"}}, "identity: return_path is one label"),
        ({"identity_dkim": KEY}, "identity_dkim: set identity too"),
        (
            {"identity": {"domain": "example.com"}, "identity_dkim": KEY | {"private_key": "-----BEGIN PRIVATE KEY"}},
            "identity_dkim: private_key is base64",
        ),
    ],
    ids=str,
)
def test_what_is_wrong_is_refused_by_name(variables: dict[str, Any], expected: str, module: Module) -> None:
    refusal = module.refusal(**variables)

    assert "Invalid value for variable" in refusal
    assert expected in refusal
    assert KEY["private_key"] not in refusal


@pytest.mark.parametrize(
    ("name", "variables", "expected"),
    [
        ("eks", {"cluster_name": "one", "oidc_provider_arn": "oidc.example.com"}, "oidc_provider_arn: the ARN"),
        ("rds", {"engine": "postgres"}, "engine: mariadb or mysql"),
        ("elasticache", {"auth_token": "short"}, "auth_token: 16 to 128 letters and digits"),
    ],
)
def test_examples_refuse_too(
    name: str, variables: dict[str, Any], expected: str, example: Callable[[str], Module]
) -> None:
    network = {"vpc_id": "vpc-1", "subnet_ids": ["subnet-1"], "client_security_group_ids": ["sg-1"]}

    assert expected in example(name).refusal(**(variables if name == "eks" else network | variables))
