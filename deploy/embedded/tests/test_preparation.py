import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from postroom_embedded.preparation import Preparation

_MIGRATION = "libs/database/postroom_migrations/versions/0001_first.py"


def _write_database(path: Path, revision: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num TEXT)")
        connection.execute("DELETE FROM alembic_version")
        connection.execute("INSERT INTO alembic_version VALUES (?)", [revision])


@pytest.fixture
def preparation(tmp_path: Path) -> Preparation:
    (tmp_path / _MIGRATION).parent.mkdir(parents=True)
    (tmp_path / _MIGRATION).write_text("first")
    _write_database(tmp_path / "postroom.db", "0001")
    return Preparation(tmp_path, tmp_path, tmp_path / "postroom.db")


def test_it_is_done_when_it_was_noted(preparation: Preparation) -> None:
    assert not preparation.is_done()
    preparation.note_done()
    assert preparation.is_done()


def test_another_migration_needs_another(preparation: Preparation, tmp_path: Path) -> None:
    preparation.note_done()
    (tmp_path / _MIGRATION).with_name("0002_second.py").write_text("second")
    assert not preparation.is_done()


def test_another_schema_needs_another(preparation: Preparation, tmp_path: Path) -> None:
    preparation.note_done()
    _write_database(tmp_path / "postroom.db", "0000")
    assert not preparation.is_done()


def test_another_file_needs_another(preparation: Preparation, tmp_path: Path) -> None:
    preparation.note_done()
    (tmp_path / "postroom.db").rename(tmp_path / "old.db")
    assert not preparation.is_done()
    _write_database(tmp_path / "postroom.db", "0001")
    assert not preparation.is_done()
