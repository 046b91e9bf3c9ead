from pathlib import Path

import pytest

from postroom_embedded import variables
from postroom_embedded.errors import Refused

_DEFAULTS = {variables.DATABASE: "sqlite:////data/postroom.db", variables.MAIL: "inbox:"}


def test_what_nobody_set_gets_its_default() -> None:
    composed = variables.compose({"HOME": "/home/me"}, _DEFAULTS, code="/code", bytecode=Path("/bytecode"))
    assert composed == {
        "HOME": "/home/me",
        "POSTROOM_DATABASE_URL": "sqlite:////data/postroom.db",
        "POSTROOM_MAIL_URL": "inbox:",
        "PYTHONPATH": "/code",
        "PYTHONPYCACHEPREFIX": "/bytecode",
    }


@pytest.mark.parametrize("name", ["POSTROOM_DATABASE_URL", "DATABASE_URL"])
def test_what_is_set_outside_wins(name: str) -> None:
    composed = variables.compose({name: "mysql://elsewhere/x"}, _DEFAULTS, code="", bytecode=Path("/bytecode"))
    assert composed[name] == "mysql://elsewhere/x"
    assert [key for key in composed if key.endswith("DATABASE_URL")] == [name]


def test_a_file_with_the_value_wins_too(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("smtp://mail.example.com\n")
    environ = {"POSTROOM_MAIL_URL_FILE": str(secret)}
    assert "POSTROOM_MAIL_URL" not in variables.compose(environ, _DEFAULTS, code="", bytecode=Path("/bytecode"))
    assert variables.read(environ, variables.MAIL) == "smtp://mail.example.com"
    assert not variables.uses_inbox(environ)


def test_a_file_that_is_not_there_is_refused_by_its_name() -> None:
    with pytest.raises(Refused, match=r"^POSTROOM_MAIL_URL_FILE: ") as refused:
        variables.read({"POSTROOM_MAIL_URL_FILE": "/nowhere/at/all"}, variables.MAIL)
    assert refused.value.exit_code == 78


def test_an_empty_value_is_none_and_so_is_what_kubernetes_injects() -> None:
    assert variables.read({"POSTROOM_PORT": "", "PORT": "9000"}, variables.PORT) == "9000"
    assert variables.read({"POSTROOM_PORT": "tcp://10.0.0.1:80"}, variables.PORT) is None


def test_the_prefixed_name_comes_first() -> None:
    assert variables.read({"PORT": "1", "POSTROOM_PORT": "2"}, variables.PORT) == "2"


def test_the_services_get_neither_the_runners_own_nor_other_code() -> None:
    environ = {
        "POSTROOM_DATA_DIR": "/data",
        "PYTHONPATH": "/other",
        "PYTHONHOME": "/other",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    assert variables.compose(environ, {}, code="/code", bytecode=Path("/bytecode")) == {
        "PYTHONPATH": "/code",
        "PYTHONPYCACHEPREFIX": "/bytecode",
    }


def test_a_folder_without_history_has_an_unknown_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert variables.find_commit(tmp_path) == "unknown"
    monkeypatch.setenv("PATH", "")
    assert variables.find_commit(tmp_path) == "unknown"
