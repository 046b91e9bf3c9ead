"""Each repository can be the first one that a process imports: none depends on another having been there before."""

import pkgutil
import subprocess
import sys

import pytest

from postroom_database import repositories

NAMES = [module.name for module in pkgutil.iter_modules(repositories.__path__)]


@pytest.mark.parametrize("name", NAMES)
def test_a_repository_is_imported_alone(name: str) -> None:
    code = f"import sys; sys.path[:] = {sys.path!r}; import postroom_database.repositories.{name}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_there_are_some() -> None:
    assert {"emails", "deliveries", "suppressions", "provider_jobs"} <= set(NAMES)
