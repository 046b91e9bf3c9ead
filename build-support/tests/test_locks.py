import re
from pathlib import Path

import pytest

FOLDER = Path("3rdparty/python")
LOCKS = sorted(FOLDER.glob("*.lock"))


def test_the_locks_are_found() -> None:
    assert [lock.stem for lock in LOCKS] == [
        "default",
        "deploy",
        "dockerfile",
        "mypy",
        "pants",
        "pytest",
        "ship",
        "sign",
        "tools",
    ]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_holds_no_address(lock: Path) -> None:
    assert "://" not in lock.read_text()


def test_what_tests_run_with_is_what_tests_import() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9-]+==[^ ]+", (FOLDER / f"{name}.lock").read_text(), re.MULTILINE))

    assert pins("pytest") <= pins("default")
