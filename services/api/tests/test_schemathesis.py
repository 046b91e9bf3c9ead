"""Schemathesis asks the live api what its OpenAPI document promises, and some of what it does not."""

import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from postroom_api_testing.running import RunningApi

LEAST_REQUESTS = 2000
EXAMPLES = 60
"""For each operation and phase."""
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "use_after_free",
    "ignored_auth",
)


def answered() -> float:
    """Requests that the apis of this process have answered."""
    return sum(
        sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name == "postroom_request_seconds_count"
    )


@pytest.mark.timeout(660)  # longer than it waits for the program
def test_no_answer_outside_the_contract(shared_api: RunningApi, tmp_path: Path) -> None:
    before = answered()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run"),
            f"http://127.0.0.1:{shared_api.port}/openapi.json",
            *("--header", f"Authorization: Bearer {shared_api.token}"),
            *("--checks", ",".join(CHECKS)),
            *("--max-examples", str(EXAMPLES), "--seed", "20261124"),
            *("--phases", "examples,coverage,fuzzing,stateful", "--continue-on-failure"),
            *("--suppress-health-check", "all", "--no-color"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    sys.stdout.write(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert answered() - before >= LEAST_REQUESTS
