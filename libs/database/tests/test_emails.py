from datetime import UTC, datetime, timedelta
from uuid import uuid4

from postroom_database.engine import Database
from postroom_database.paging import Slice
from postroom_database.repositories import contents, emails
from postroom_domain.ids import new_id
from postroom_testing.drafts import Bytes, attachment, draft, store


def test_what_was_stored_is_read_back(database: Database) -> None:
    workspace = uuid4()
    one = draft(
        workspace,
        cc=["c@example.com"],
        bcc=["Bé <b@example.com>"],
        reply_to=["r@example.com"],
        html=Bytes("<p>שלום 🙂</p>".encode()),
        headers={"X-A": "1"},
        tags=[{"name": "a", "value": "b"}],
    )
    store(database, one)
    with database.read() as connection:
        row = emails.get(connection, workspace, one.id)
        assert row is not None
        assert (row.id, row.sender, row.to_list, row.cc_list) == (one.id, one.sender, one.to, one.cc)
        assert (row.bcc_list, row.reply_to_list, row.tags) == (one.bcc, one.reply_to, one.tags)
        assert (row.subject, row.last_event, row.scheduled_at, row.message_id) == (
            one.subject,
            "queued",
            None,
            None,
        )
        assert abs(row.created_at - datetime.now(UTC)) < timedelta(seconds=5)
        assert contents.load(connection, one.id, contents.TEXT_PART) == b"text"
        assert contents.load(connection, one.id, contents.HTML_PART) == "<p>שלום 🙂</p>".encode()


def test_another_workspace_sees_nothing_and_changes_nothing(database: Database) -> None:
    mine, theirs = uuid4(), uuid4()
    at = datetime.now(UTC) + timedelta(hours=1)
    one = draft(mine, scheduled_at=at)
    store(database, one)
    with database.begin() as connection:
        assert emails.get(connection, theirs, one.id) is None
        assert emails.page(connection, theirs, Slice(limit=10)) == ([], False)
        assert not emails.reschedule(connection, theirs, one.id, at)
        assert not emails.cancel(connection, theirs, one.id)
    with database.read() as connection:
        assert emails.get(connection, mine, one.id).last_event == "scheduled"  # type: ignore[union-attr]  # it is there


def test_pages_go_through_all_in_both_directions(database: Database) -> None:
    workspace = uuid4()
    drafts = [draft(workspace) for _ in range(7)]
    store(database, *drafts, draft())
    newest_first = [one.id for one in reversed(drafts)]
    with database.read() as connection:
        seen, after, has_more = [], None, True
        while has_more:
            rows, has_more = emails.page(connection, workspace, Slice(limit=3, after=after))
            seen += [row.id for row in rows]
            after = seen[-1]
        assert seen == newest_first
        rows, has_more = emails.page(connection, workspace, Slice(limit=3, before=newest_first[4]))
        assert ([row.id for row in rows], has_more) == (newest_first[1:4], True)
        rows, has_more = emails.page(connection, workspace, Slice(limit=3, before=newest_first[1]))
        assert ([row.id for row in rows], has_more) == (newest_first[:1], False)


def test_only_a_scheduled_email_moves_or_is_canceled(database: Database) -> None:
    workspace = uuid4()
    at = datetime.now(UTC) + timedelta(hours=1)
    now, scheduled = draft(workspace), draft(workspace, scheduled_at=at)
    store(database, now, scheduled)
    moved = (at + timedelta(hours=1)).replace(microsecond=123456)
    with database.begin() as connection:
        assert not emails.reschedule(connection, workspace, now.id, at)
        assert not emails.cancel(connection, workspace, now.id)
        assert emails.reschedule(connection, workspace, scheduled.id, moved)
        assert emails.get(connection, workspace, scheduled.id).scheduled_at == moved  # type: ignore[union-attr]  # it is there
        assert emails.cancel(connection, workspace, scheduled.id)
        assert not emails.cancel(connection, workspace, scheduled.id)
        assert not emails.reschedule(connection, workspace, scheduled.id, at)


def test_a_body_of_39_mb_passes_with_the_servers_default_settings(database: Database) -> None:
    worst = bytes(range(256)) * (39 * 1024 * 1024 // 256)
    one = draft(html=Bytes(worst), attachments=(attachment(Bytes(b"\x00" * 2_500_000)),))
    store(database, one)
    with database.read() as connection:
        loaded = contents.load_all(connection, one.id, parts=[2])
    assert loaded[contents.HTML_PART] == worst
    assert loaded[2] == b"\x00" * 2_500_000


def test_an_empty_body_is_a_body(database: Database) -> None:
    one = draft(text=Bytes(b""), html=Bytes(b"<p>"))
    store(database, one)
    with database.read() as connection:
        assert contents.load(connection, one.id, contents.TEXT_PART) == b""
        assert contents.load(connection, new_id(), contents.TEXT_PART) is None


def test_many_go_in_few_statements(database: Database) -> None:
    statements: list[str] = []
    from sqlalchemy import event  # noqa: PLC0415 - only this test listens

    @event.listens_for(database.engine, "before_cursor_execute")
    def note(_c: object, _cursor: object, statement: str, _p: object, _ctx: object, _many: object) -> None:
        statements.append(statement)

    store(database, *[draft() for _ in range(50)])
    assert sum(statement.startswith("INSERT") for statement in statements) == 2


def test_forgotten_hints_are_forgotten_only_for_what_still_waits(database: Database) -> None:
    one = draft()
    store(database, one)
    with database.begin() as connection:
        assert emails.existing(connection, [one.id, new_id()]) == {one.id}
        emails.forget_hints(connection, [one.id])
