"""Faults that are planted into a Dockerfile, and found."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path("build-support/lint_dockerfiles")
IMAGE = f"debian:12@sha256:{'0' * 64}"
GOOD = f"""\
FROM {IMAGE}
COPY app /app
USER 65532:65532
ENTRYPOINT ["/app"]
"""


def lint(*paths: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRIPT, *paths], capture_output=True, text=True, check=False)


def test_a_good_file_passes(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(GOOD)

    done = lint(tmp_path / "Dockerfile")

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        (f"FROM {IMAGE}", "FROM debian", "DL3006"),
        ('ENTRYPOINT ["/app"]', "ENTRYPOINT /app", "DL3025"),
        ("COPY app /app", "RUN cd /app", "DL3003"),
        ("COPY app /app", "RUN echo $1", "SC2086"),
        ("USER 65532:65532", "USER somebody", "DL3066"),
        ("USER 65532:65532", "USR 65532:65532", "unexpected 'U'"),
    ],
)
def test_a_fault_is_found(tmp_path: Path, right: str, wrong: str, rule: str) -> None:
    assert right in GOOD
    (tmp_path / "Dockerfile").write_text(GOOD.replace(right, wrong, 1))

    done = lint(tmp_path / "Dockerfile")

    assert done.returncode == 1
    assert rule in done.stdout + done.stderr


def test_all_of_the_projects_own_files_are_read_when_none_is_named(tmp_path: Path) -> None:
    """In a checkout with nothing else but the tools that it calls."""
    for path in (SCRIPT, Path("build-support/tools"), Path("3rdparty/python/ship.lock")):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path / path)
    for folder in ("deploy/images", "deploy/images/debian"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "Dockerfile").write_text(GOOD.replace("65532:65532", "somebody"))

    done = subprocess.run([tmp_path / SCRIPT], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == [
        f"{tmp_path}/deploy/images/Dockerfile",
        f"{tmp_path}/deploy/images/debian/Dockerfile",
    ]
