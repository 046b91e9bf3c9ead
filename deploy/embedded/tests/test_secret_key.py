import stat
from pathlib import Path

import pytest

from postroom_embedded.errors import Refused
from postroom_embedded.secret_key import find_secret_key


def test_it_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    key = find_secret_key(tmp_path)
    assert len(key) == 64
    assert find_secret_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_each_folder_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert find_secret_key(tmp_path) != find_secret_key(tmp_path / "other")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="missing"):
        find_secret_key(tmp_path / "missing")
