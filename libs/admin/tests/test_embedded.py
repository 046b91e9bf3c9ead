from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from postroom_database.engine import Database
from postroom_database.repositories import api_keys, workspaces
from postroom_domain.tokens import DEVELOPMENT_KEY, hash_token
from postroom_migrations.migrate import head, revision


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'postroom.db'}"


@pytest.fixture
def embedded(url: str, new_admin: Callable[[str], Any]) -> Any:
    return new_admin(url)


def find_key(url: str) -> api_keys.Opened | None:
    database = Database(url)
    with database.read() as connection:
        found = api_keys.open_with(connection, hash_token(DEVELOPMENT_KEY))
    database.close()
    return found


def test_the_first_start_makes_what_the_readme_names_and_the_next_changes_nothing(embedded: Any, url: str) -> None:
    first = embedded("embedded")
    key = find_key(url)
    second = embedded("embedded")
    assert [(done.exit_code, done.output) for done in (first, second)] == [(0, ""), (0, "")]
    assert key is not None
    assert find_key(url) == key
    assert embedded("key", "list", "--workspace", "development").stdout.startswith(str(key.key_id))


def test_with_real_mail_no_known_key_exists(embedded: Any, url: str) -> None:
    embedded.environment["POSTROOM_MAIL_URL"] = "smtp://127.0.0.1:1"
    assert embedded("embedded").exit_code == 0
    database = Database(url)
    assert revision(database) == head()
    with database.read() as connection:
        assert workspaces.names(connection) == []
    database.close()
    assert find_key(url) is None


def test_a_development_key_that_was_revoked_stays_so(embedded: Any, url: str) -> None:
    embedded("embedded")
    key = find_key(url)
    assert key is not None
    assert embedded("key", "revoke", "--workspace", "development", "--yes", str(key.key_id)).exit_code == 0
    assert embedded("embedded").exit_code == 0
    assert find_key(url) is None
