import os
from pathlib import Path

import pytest

from postroom_embedded.data_folder import find_data_folder, held
from postroom_embedded.errors import Refused


def test_it_lies_in_the_checkout_unless_named(tmp_path: Path) -> None:
    assert find_data_folder({}, tmp_path) == tmp_path / ".postroom"
    assert find_data_folder({"POSTROOM_DATA_DIR": "/elsewhere"}, tmp_path) == Path("/elsewhere")


@pytest.mark.parametrize("name", ["my data", "a?b", "a#b", "a%20b", "a\nb"])
def test_a_path_that_no_database_url_can_carry_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused, match="POSTROOM_DATA_DIR"):
        find_data_folder({"POSTROOM_DATA_DIR": str(tmp_path / name)}, tmp_path)


def test_one_runner_holds_it_and_another_is_told_which(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"
    with (
        held(folder),
        pytest.raises(Refused, match=rf"runs already on {folder} \(process {os.getpid()}\)"),
        held(folder),
    ):
        pass
    with held(folder):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match="POSTROOM_DATA_DIR"), held(tmp_path / "file" / "data"):
        pass
