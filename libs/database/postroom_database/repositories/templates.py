"""Templates: a draft that is edited, and what of it is published. Every query asks for the workspace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from postroom_database.models import Template, TemplateVersion
from postroom_database.paging import Slice, read_slice
from postroom_database.types import AnyRow, Now
from postroom_domain.ids import new_id
from postroom_domain.template_variables import Variable, VariableType
from postroom_domain.templates import TemplateContent

_SHOWN = (
    Template.id,
    Template.name,
    Template.alias,
    Template.draft_version_id,
    Template.published_version_id,
    Template.published_at,
    Template.created_at,
    Template.updated_at,
)
_CONTENT = (
    TemplateVersion.sender,
    TemplateVersion.subject,
    TemplateVersion.reply_to_list,
    TemplateVersion.html,
    TemplateVersion.text,
    TemplateVersion.variables,
    TemplateVersion.created_at.label("version_created_at"),
)


@dataclass(frozen=True, slots=True)
class Edited:
    """A template as it is edited.

    Attributes:
        row: its own columns.
        content: what the draft says.
        revised_at: when the draft was written.
    """

    row: AnyRow
    content: TemplateContent
    revised_at: datetime


@dataclass(frozen=True, slots=True)
class Published:
    """A template as it is sent; no content while it was never published."""

    template_id: UUID
    content: TemplateContent | None


def add(connection: Connection, *, workspace_id: UUID, name: str, alias: str | None, content: TemplateContent) -> UUID:
    """Create a template as a draft; an alias that the workspace has already raises SQLAlchemy's IntegrityError."""
    template_id = new_id()
    version_id = _add_version(connection, template_id, content)
    connection.execute(
        insert(Template),
        [
            {
                "id": template_id,
                "workspace_id": workspace_id,
                "name": name,
                "alias": alias,
                "draft_version_id": version_id,
            }
        ],
    )
    return template_id


def page(connection: Connection, workspace_id: UUID, wanted: Slice) -> tuple[Sequence[AnyRow], bool]:
    """Templates without their content, newest first, and whether there are more."""
    return read_slice(connection, select(*_SHOWN).where(Template.workspace_id == workspace_id), Template.id, wanted)


def identify(connection: Connection, workspace_id: UUID, reference: UUID | str) -> UUID | None:
    """The id of a template that is called so."""
    return connection.execute(
        select(Template.id).where(Template.workspace_id == workspace_id, _called(reference))
    ).scalar_one_or_none()


def find(connection: Connection, workspace_id: UUID, reference: UUID | str) -> Edited | None:
    """A template by its id or its alias, as it is edited."""
    row = connection.execute(
        select(*_SHOWN, *_CONTENT)
        .join(TemplateVersion, TemplateVersion.id == Template.draft_version_id)
        .where(Template.workspace_id == workspace_id, _called(reference))
    ).one_or_none()
    return None if row is None else Edited(row, _content(row), row.version_created_at)


def find_published(connection: Connection, workspace_id: UUID, reference: UUID | str) -> Published | None:
    """A template by its id or its alias, as it is sent."""
    row = connection.execute(
        select(Template.id, TemplateVersion.id.label("version_id"), *_CONTENT)
        .outerjoin(TemplateVersion, TemplateVersion.id == Template.published_version_id)
        .where(Template.workspace_id == workspace_id, _called(reference))
    ).one_or_none()
    return None if row is None else Published(row.id, None if row.version_id is None else _content(row))


def lock(connection: Connection, workspace_id: UUID, template_id: UUID) -> Edited | None:
    """A template that nobody else can change before this transaction ends."""
    mine = (Template.id == template_id, Template.workspace_id == workspace_id)
    # Alone: a version never changes, and this one is read after whoever had the lock before has committed.
    row = connection.execute(select(*_SHOWN).where(*mine).with_for_update()).one_or_none()
    if row is None:
        return None
    version = connection.execute(select(*_CONTENT).where(TemplateVersion.id == row.draft_version_id)).one()
    return Edited(row, _content(version), version.version_created_at)


def change(connection: Connection, locked: Edited, *, name: str, alias: str | None, content: TemplateContent) -> None:
    """Edit a template that this transaction has locked; its draft stays where it says what it said.

    An alias that another one of the workspace has raises SQLAlchemy's IntegrityError.
    """
    draft_id = locked.row.draft_version_id
    if content != locked.content:
        draft_id = _add_version(connection, locked.row.id, content)
        if locked.row.draft_version_id != locked.row.published_version_id:
            connection.execute(delete(TemplateVersion).where(TemplateVersion.id == locked.row.draft_version_id))
    connection.execute(
        update(Template)
        .where(Template.id == locked.row.id)
        .values(name=name, alias=alias, draft_version_id=draft_id, updated_at=Now())
    )


def publish(connection: Connection, locked: Edited) -> None:
    """Send from now on what the draft of this locked template says."""
    connection.execute(
        update(Template)
        .where(Template.id == locked.row.id)
        .values(published_version_id=locked.row.draft_version_id, published_at=Now())
    )


def remove(connection: Connection, locked: Edited) -> None:
    """Forget a locked template and every version of it."""
    connection.execute(delete(TemplateVersion).where(TemplateVersion.template_id == locked.row.id))
    connection.execute(delete(Template).where(Template.id == locked.row.id))


def _called(reference: UUID | str) -> ColumnElement[bool]:
    return Template.id == reference if isinstance(reference, UUID) else Template.alias == reference


def _add_version(connection: Connection, template_id: UUID, content: TemplateContent) -> UUID:
    version_id = new_id()
    connection.execute(
        insert(TemplateVersion),
        [
            {
                "id": version_id,
                "template_id": template_id,
                "sender": content.sender,
                "subject": content.subject,
                "reply_to_list": list(content.reply_to) or None,
                "html": content.html,
                "text": content.text,
                "variables": [
                    {"key": variable.key, "type": variable.type.value, "fallback_value": variable.fallback}
                    for variable in content.variables
                ],
            }
        ],
    )
    return version_id


def _content(row: Any) -> TemplateContent:
    return TemplateContent(
        sender=row.sender,
        subject=row.subject,
        reply_to=tuple(row.reply_to_list or ()),
        html=row.html,
        text=row.text,
        variables=tuple(
            Variable(variable["key"], VariableType(variable["type"]), variable["fallback_value"])
            for variable in row.variables
        ),
    )
