import json
import re
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, text, update

from postroom_admin import backup
from postroom_database.engine import Database
from postroom_database.models import ContentChunk, Email, Recipient
from postroom_migrations.migrate import head
from postroom_testing.drafts import Bytes, attachment, draft, store


def mail(database: Database, *, state: str = "queued", **changes: Any) -> UUID:
    """An email as it stands in a whole database."""
    one = draft(**changes)
    store(database, one)
    with database.begin() as connection:
        connection.execute(update(Email).where(Email.id == one.id).values(state=state))
        if state == "sent":
            connection.execute(insert(Recipient).values(email_id=one.id, address="to@example.com", state="sent"))
    return one.id


def verify(admin: Any) -> tuple[int, dict[str, Any]]:
    done = admin("backup", "verify", "--json")
    assert done.stderr == ""
    return done.exit_code, json.loads(done.stdout)


def forget_content(database: Database, email_id: UUID, part: int | None = None) -> None:
    mine = delete(ContentChunk).where(ContentChunk.email_id == email_id)
    with database.begin() as connection:
        connection.execute(mine if part is None else mine.where(ContentChunk.part == part))


def test_a_whole_database_is_said_to_be_whole(either_admin: Any, either_database: Database) -> None:
    empty = either_admin("backup", "verify", "--json")
    assert (empty.exit_code, json.loads(empty.stdout)["newest_at"]) == (0, None)
    assert either_admin("workspace", "create", "acme").exit_code == 0
    big = Bytes(b"x" * 2_500_000)
    files = (attachment(big), attachment(Bytes(b"")), attachment(None, path="https://example.com/a.bin"))
    mail(either_database, attachments=files)
    mail(either_database, state="sent")
    forgotten = mail(either_database, state="failed")
    forget_content(either_database, forgotten)
    for _ in range(2):
        code, found = verify(either_admin)
        assert (code, found["schema"], found["release"], found["findings"]) == (0, head(), head(), [])
    rows = {one["table"]: one["rows"] for one in found["tables"]}
    assert (rows["emails"], rows["recipients"], rows["workspaces"], rows["audit_entries"]) == (3, 1, 1, 1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[0-9:.]{12}Z", found["newest_at"])
    shown = either_admin("backup", "verify").stdout
    assert "\n  emails                3\n" in shown
    assert shown.endswith("\n\nfindings\n  it is whole\n")


def test_what_is_missing_is_named(
    either_admin: Any, either_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "_ROWS", 2)
    for _ in range(3):
        mail(either_database)
    empty, cut, lost = (
        mail(either_database, state="scheduled"),
        mail(either_database, attachments=(attachment(Bytes(b"x" * 10)), attachment(Bytes(b"y" * 10)))),
        mail(either_database, state="sent"),
    )
    forget_content(either_database, empty)
    forget_content(either_database, cut, part=3)
    with either_database.begin() as connection:
        connection.execute(delete(Recipient).where(Recipient.email_id == lost))
    code, found = verify(either_admin)
    assert code == 65
    assert [(one["email_id"], one["problem"]) for one in found["findings"]] == [
        (str(empty), "its text and HTML are missing"),
        (str(cut), "an attachment is not whole"),
        (str(lost), "its recipients are missing"),
    ]


def test_pieces_that_are_too_short_are_found(either_admin: Any, either_database: Database) -> None:
    one = mail(either_database, attachments=(attachment(Bytes(b"x" * 10)),))
    with either_database.begin() as connection:
        short = update(ContentChunk).where(ContentChunk.email_id == one, ContentChunk.part == 2)
        connection.execute(short.values(data=b"x" * 9))
    code, found = verify(either_admin)
    assert (code, [one["problem"] for one in found["findings"]]) == (65, ["an attachment is not whole"])


def test_a_long_list_ends(admin: Any, database: Database) -> None:
    for _ in range(23):
        forget_content(database, mail(database))
    code, found = verify(admin)
    assert (code, len(found["findings"])) == (65, 21)
    assert found["findings"][-1]["problem"] == "and 3 more like these"


def test_how_far_it_is_is_told(admin: Any, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "_ROWS", 2)
    monkeypatch.setattr(backup, "_TOLD_EVERY", 4)
    for _ in range(5):
        mail(database)
    assert admin("backup", "verify").stderr == "emails: 4 looked at\n"


def test_a_table_that_is_missing_is_told(admin: Any, database: Database) -> None:
    with database.begin() as connection:
        connection.execute(text("DROP TABLE recipients"))
    code, found = verify(admin)
    assert (code, [one["problem"] for one in found["findings"]]) == (65, ["the table recipients is missing"])


@pytest.mark.parametrize(
    ("found", "oldest", "said"),
    [
        ("0004", "0001", f"the schema is at 0004; this release needs {head()}: run `migrate` on it first"),
        ("9999", "9999", f"the schema is at 9999 and serves no release older than 9999; this release is {head()}"),
    ],
)
def test_a_schema_of_another_release_is_told(
    admin: Any, database: Database, found: str, oldest: str, said: str
) -> None:
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :found"), {"found": found})
        connection.execute(text("UPDATE served_releases SET oldest = :oldest"), {"oldest": oldest})
    code, told = verify(admin)
    assert (code, [one["problem"] for one in told["findings"]]) == (65, [said])


def test_a_database_without_a_schema_is_told(empty_admin: Any) -> None:
    code, told = verify(empty_admin)
    said = f"the schema is empty; this release needs {head()}: run `migrate` on it first"
    assert (code, told["schema"], [one["problem"] for one in told["findings"]]) == (65, None, [said])
