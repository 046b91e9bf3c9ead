from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from postroom_database.engine import Database
from postroom_database.errors import is_duplicate
from postroom_database.models import Template, TemplateVersion
from postroom_database.paging import Slice
from postroom_database.repositories import templates
from postroom_database.repositories.templates import Edited
from postroom_domain.template_variables import Variable, VariableType
from postroom_domain.templates import TemplateContent

CONTENT = TemplateContent(
    sender="Shop <a@example.com>",
    subject="Hi",
    reply_to=("b@example.com",),
    html="<p>é \N{PARTY POPPER}</p>",
    text="",
    variables=(
        Variable("NAME", VariableType.STRING, ""),
        Variable("TOTAL", VariableType.NUMBER, 2.5),
        Variable("PAID", VariableType.BOOLEAN, fallback=False),
        Variable("CITY", VariableType.STRING),
    ),
)


@pytest.fixture
def workspace_id() -> UUID:
    return uuid4()


def add(database: Database, workspace_id: UUID, alias: str | None = None) -> UUID:
    with database.begin() as connection:
        return templates.add(connection, workspace_id=workspace_id, name="n", alias=alias, content=CONTENT)


def find(database: Database, workspace_id: UUID, reference: UUID | str) -> Edited:
    with database.read() as connection:
        found = templates.find(connection, workspace_id, reference)
    assert found is not None
    return found


def locked(
    database: Database, workspace_id: UUID, template_id: UUID, work: Callable[[Connection, Edited], None]
) -> None:
    with database.begin() as connection:
        template = templates.lock(connection, workspace_id, template_id)
        assert template is not None
        work(connection, template)


def edit(database: Database, workspace_id: UUID, template_id: UUID, html: str) -> None:
    locked(
        database,
        workspace_id,
        template_id,
        lambda connection, template: templates.change(
            connection, template, name="n", alias=None, content=replace(template.content, html=html)
        ),
    )


def versions(database: Database, template_id: UUID) -> list[str]:
    with database.read() as connection:
        rows = connection.execute(
            select(TemplateVersion.html).where(TemplateVersion.template_id == template_id).order_by(TemplateVersion.id)
        )
        return [str(row.html) for row in rows]


def sent(database: Database, workspace_id: UUID, template_id: UUID) -> str | None:
    with database.read() as connection:
        found = templates.find_published(connection, workspace_id, template_id)
    assert found is not None
    return None if found.content is None else found.content.html


def test_what_is_stored_is_read_back(database: Database, workspace_id: UUID) -> None:
    template_id = add(database, workspace_id, "welcome")
    for reference in (template_id, "welcome"):
        found = find(database, workspace_id, reference)
        assert found.content == CONTENT
        assert (found.row.id, found.row.name, found.row.alias) == (template_id, "n", "welcome")
        with database.read() as connection:
            assert templates.identify(connection, workspace_id, reference) == template_id


def test_versions_are_what_was_published_and_the_draft(database: Database, workspace_id: UUID) -> None:
    template_id = add(database, workspace_id)
    edit(database, workspace_id, template_id, "two")
    assert versions(database, template_id) == ["two"]
    assert sent(database, workspace_id, template_id) is None
    locked(database, workspace_id, template_id, templates.publish)
    edit(database, workspace_id, template_id, "three")
    edit(database, workspace_id, template_id, "four")
    assert versions(database, template_id) == ["two", "four"]
    assert sent(database, workspace_id, template_id) == "two"
    locked(database, workspace_id, template_id, templates.publish)
    edit(database, workspace_id, template_id, "five")
    assert versions(database, template_id) == ["two", "four", "five"]
    assert sent(database, workspace_id, template_id) == "four"


def test_a_change_of_nothing_writes_no_version(database: Database, workspace_id: UUID) -> None:
    template_id = add(database, workspace_id)
    locked(database, workspace_id, template_id, templates.publish)
    before = find(database, workspace_id, template_id).row
    edit(database, workspace_id, template_id, CONTENT.html)
    assert find(database, workspace_id, template_id).row.draft_version_id == before.published_version_id


def test_a_template_is_removed_with_all_its_versions(database: Database, workspace_id: UUID) -> None:
    template_id, other = add(database, workspace_id), add(database, workspace_id)
    locked(database, workspace_id, template_id, templates.publish)
    edit(database, workspace_id, template_id, "two")
    locked(database, workspace_id, template_id, templates.remove)
    assert versions(database, template_id) == []
    assert versions(database, other) == [CONTENT.html]
    with database.read() as connection:
        assert connection.execute(select(Template.id)).scalars().all() == [other]


def test_an_alias_is_one_templates_of_a_workspace(database: Database, workspace_id: UUID) -> None:
    add(database, workspace_id, "welcome")
    add(database, uuid4(), "welcome")
    add(database, workspace_id, "Welcome")
    add(database, workspace_id)
    add(database, workspace_id)
    with pytest.raises(IntegrityError) as caught:
        add(database, workspace_id, "welcome")
    assert is_duplicate(caught.value)


def test_nothing_of_another_workspace_is_found(database: Database, workspace_id: UUID) -> None:
    template_id, other = add(database, workspace_id, "welcome"), uuid4()
    with database.begin() as connection:
        for reference in (template_id, "welcome"):
            assert templates.find(connection, other, reference) is None
            assert templates.find_published(connection, other, reference) is None
            assert templates.identify(connection, other, reference) is None
        assert templates.lock(connection, other, template_id) is None
        assert templates.page(connection, other, Slice(20)) == ([], False)
