from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom_release import compose
from postroom_release.compose import find_compose
from postroom_release.errors import EX_UNAVAILABLE, Refused


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """All that is on PATH; the tools of the checkout are not there."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(compose, "_TOOLS", tmp_path / "tools")
    find_compose.cache_clear()
    yield tmp_path
    find_compose.cache_clear()


def put(file: Path, version: str) -> None:
    file.write_text(f"#!/bin/sh\necho {version}\n")
    file.chmod(0o755)


def test_a_plugin_comes_first(programs: Path) -> None:
    put(programs / "docker", "v2.30.0")
    put(programs / "docker-compose", "5.6.1")

    assert find_compose() == ("docker", "compose")


def test_what_is_too_old_is_passed_over(programs: Path) -> None:
    put(programs / "docker", "2.29.9")
    put(programs / "docker-compose", "1.29.2")
    put(programs / "tools", "5.6.1")

    assert find_compose() == (str(programs / "tools"), "--of", "ship", "docker-compose")


def test_without_one_it_is_said(programs: Path) -> None:
    put(programs / "docker-compose", "1.29.2")

    with pytest.raises(Refused, match=r"Docker Compose is needed, version 2\.30 or later") as refused:
        find_compose()
    assert refused.value.exit_code == EX_UNAVAILABLE
