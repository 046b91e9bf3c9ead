"""Kubernetes, database and Redis as Postroom needs them."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from postroom_terraform_testing.module import SOURCE, Applied, Module
from postroom_terraform_testing.schemas import RESOURCES, VERSION

NETWORK = {"vpc_id": "vpc-1", "subnet_ids": ["subnet-1", "subnet-2"], "client_security_group_ids": ["sg-1"]}
ISSUER = "oidc.eks.eu-west-1.example.com/id/0A1B"
TOKEN = "0123456789abcdef"


def _parameters(applied: Applied, address: str) -> dict[str, str]:
    return {one["name"]: one["value"] for one in applied.resources[address]["parameter"]}


def test_only_the_workers_pods_take_the_role(example: Callable[[str], Module]) -> None:
    applied = example("eks").apply(cluster_name="one")
    (trust,) = applied.statements("aws_iam_role.worker", "assume_role_policy")
    (association,) = applied.of_type("aws_eks_pod_identity_association").values()

    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert trust["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert trust["Condition"]["StringEquals"] == {
        "aws:SourceAccount": "123456789012",
        "aws:RequestTag/kubernetes-namespace": "postroom",
        "aws:RequestTag/kubernetes-service-account": "postroom-worker",
    }
    assert association["service_account"] == "postroom-worker"
    assert applied.outputs["service_account_annotations"] == {}


def test_with_irsa_only_the_workers_service_account_does(example: Callable[[str], Module]) -> None:
    provider = f"arn:aws:iam::123456789012:oidc-provider/{ISSUER}"
    applied = example("eks").apply(cluster_name="one", oidc_provider_arn=provider)
    role = applied.resources["aws_iam_role.worker"]

    assert applied.statements("aws_iam_role.worker", "assume_role_policy") == [
        {
            "Effect": "Allow",
            "Principal": {"Federated": provider},
            "Action": ["sts:AssumeRoleWithWebIdentity"],
            "Condition": {
                "StringEquals": {
                    f"{ISSUER}:aud": "sts.amazonaws.com",
                    f"{ISSUER}:sub": "system:serviceaccount:postroom:postroom-worker",
                }
            },
        }
    ]
    assert applied.of_type("aws_eks_pod_identity_association") == {}
    assert applied.outputs["service_account_annotations"] == {"eks.amazonaws.com/role-arn": role["arn"]}


def test_the_role_has_the_workers_policy_and_no_other(example: Callable[[str], Module]) -> None:
    applied = example("eks").apply(cluster_name="one")
    (attachment,) = applied.of_type("aws_iam_role_policy_attachment").values()

    assert attachment["role"] == applied.outputs["worker_role_name"]
    assert attachment["policy_arn"] == applied.resources["module.postroom.aws_iam_policy.worker"]["arn"]


@pytest.mark.parametrize(
    ("engine", "version", "family"), [("mariadb", "10.11", "mariadb10.11"), ("mysql", "8.4", "mysql8.4")]
)
def test_the_database_is_of_a_version_that_is_tested(
    engine: str, version: str, family: str, example: Callable[[str], Module]
) -> None:
    applied = example("rds").apply(**NETWORK, engine=engine)
    database = applied.resources["aws_db_instance.postroom"]

    assert (database["engine"], database["engine_version"]) == (engine, version)
    assert applied.resources["aws_db_parameter_group.postroom"]["family"] == family
    assert _parameters(applied, "aws_db_parameter_group.postroom") == {
        "require_secure_transport": "1",
        "character_set_server": "utf8mb4",
        "max_connections": "500",
    }


def test_the_database_is_closed_and_kept(example: Callable[[str], Module]) -> None:
    applied = example("rds").apply(**NETWORK)
    database = applied.resources["aws_db_instance.postroom"]
    (rule,) = applied.of_type("aws_vpc_security_group_ingress_rule").values()

    assert (database["publicly_accessible"], database["storage_encrypted"], database["multi_az"]) == (False, True, True)
    assert (database["manage_master_user_password"], database["password"]) == (True, None)
    assert database["backup_retention_period"] == 7
    assert (rule["referenced_security_group_id"], rule["from_port"], rule["to_port"]) == ("sg-1", 3306, 3306)
    assert (rule["cidr_ipv4"], rule["cidr_ipv6"]) == (None, None)


def test_redis_evicts_nothing_and_speaks_tls(example: Callable[[str], Module]) -> None:
    applied = example("elasticache").apply(**NETWORK, auth_token=TOKEN)
    redis = applied.resources["aws_elasticache_replication_group.postroom"]
    (rule,) = applied.of_type("aws_vpc_security_group_ingress_rule").values()

    assert (redis["engine"], redis["engine_version"]) == ("redis", "7.0")
    assert _parameters(applied, "aws_elasticache_parameter_group.postroom") == {"maxmemory-policy": "noeviction"}
    assert (redis["transit_encryption_enabled"], redis["transit_encryption_mode"]) == (True, "required")
    assert redis["at_rest_encryption_enabled"] == "true"
    assert applied.outputs["environment"]["POSTROOM_REDIS_URL"].startswith("rediss://:AUTH_TOKEN@")
    assert (rule["referenced_security_group_id"], rule["from_port"], rule["to_port"]) == ("sg-1", 6379, 6379)


def test_a_provider_that_would_not_know_the_written_password_is_refused() -> None:
    """`auth_token_wo` is younger than the provider's major version; that of the schemas has it."""
    (floor,) = re.findall(r'version = ">= ([0-9.]+), < 7.0"', (SOURCE / "examples/elasticache/versions.tf").read_text())

    assert "w" in RESOURCES["aws_elasticache_replication_group"]["attributes"]["auth_token_wo"][1]
    assert floor == VERSION


def test_no_password_gets_into_the_state(example: Callable[[str], Module], tmp_path: Path) -> None:
    example("elasticache").apply(**NETWORK, auth_token=TOKEN)
    (state,) = tmp_path.rglob("terraform.tfstate")

    assert "aws_elasticache_replication_group" in state.read_text(encoding="utf-8")
    assert TOKEN not in state.read_text(encoding="utf-8")
    assert json.loads(state.read_text(encoding="utf-8"))["outputs"]
