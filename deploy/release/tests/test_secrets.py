import os
import stat
from pathlib import Path

import pytest

from postroom_release.errors import EX_CONFIG, Refused
from postroom_release.secrets import list_secrets, make_secrets, mark_secrets


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_secrets(tmp_path / "secrets")
    return tmp_path / "secrets"


def test_what_is_made_is_for_its_owner_alone(folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert list_secrets(folder) == ["database_password", "database_root_password", "database_url", "secret_key"]


def test_the_url_of_the_database_has_its_password(folder: Path) -> None:
    password = (folder / "database_password").read_text().strip()

    assert (folder / "database_url").read_text() == f"mysql+pymysql://postroom:{password}@database/postroom\n"


def test_no_two_deploys_have_a_secret_in_common(folder: Path, tmp_path: Path) -> None:
    make_secrets(tmp_path / "others")
    texts = [file.read_text() for at in (folder, tmp_path / "others") for file in at.iterdir()]

    assert len(set(texts)) == len(texts)


def test_all_that_is_wrong_is_named_and_no_value(folder: Path) -> None:
    (folder / "secret_key").chmod(0o640)
    (folder / "mail_url").touch(mode=0o600)
    (folder / "mail-url").write_text("hush")

    with pytest.raises(Refused) as refused:
        list_secrets(folder)
    assert refused.value.exit_code == EX_CONFIG
    told = str(refused.value)
    assert "secrets/secret_key: others may read it; chmod 600 it" in told
    assert "secrets/mail_url: empty; remove it, or put the value there" in told
    assert "secrets/mail-url: unknown; expected one of database_url, redis_url, mail_url" in told
    assert "hush" not in told


def test_a_mark_changes_with_each_secret_that_is_named_and_with_no_other(folder: Path) -> None:
    names = ["secret_key", "database_url"]
    before = mark_secrets(folder, names)
    (folder / "database_password").write_text("another\n")
    assert mark_secrets(folder, reversed(names)) == before

    (folder / "secret_key").write_text("another\n")
    assert mark_secrets(folder, names) != before


def test_a_mark_says_nothing_of_a_value(folder: Path) -> None:
    before = mark_secrets(folder, ["secret_key"])
    told = (folder / "secret_key").stat()
    (folder / "secret_key").write_text("another\n")
    os.utime(folder / "secret_key", ns=(told.st_atime_ns, told.st_mtime_ns))

    assert mark_secrets(folder, ["secret_key"]) == before
