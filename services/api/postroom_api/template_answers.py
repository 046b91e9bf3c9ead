"""The bodies of successful answers of ``/templates``, in Resend's shapes; the preview is Postroom's own."""

from typing import Any

import msgspec

from postroom_api.answers import timestamp
from postroom_database.repositories.templates import Edited
from postroom_database.types import AnyRow
from postroom_domain.templates import Rendered


class TemplateReference(msgspec.Struct, frozen=True):
    id: str
    object: str = "template"


class TemplateRemoved(TemplateReference, frozen=True):
    deleted: bool = True


class TemplateSummary(msgspec.Struct, frozen=True):
    """One template in a list."""

    id: str
    name: str
    alias: str | None
    status: str
    published_at: str | None
    created_at: str
    updated_at: str


class TemplatePage(msgspec.Struct, frozen=True):
    has_more: bool
    data: list[TemplateSummary]
    object: str = "list"


class TemplateVariable(msgspec.Struct, frozen=True):
    """A variable of the draft. It is as old as the draft: each change of a template writes all of them."""

    key: str
    type: str
    fallback_value: str | float | bool | None
    created_at: str
    updated_at: str


class TemplateDetails(TemplateSummary, frozen=True):
    """One template, as its draft says."""

    current_version_id: str
    has_unpublished_versions: bool
    from_: str | None = msgspec.field(name="from")
    subject: str | None
    reply_to: list[str] | None
    html: str
    text: str | None
    variables: list[TemplateVariable]
    object: str = "template"


class TemplatePreview(msgspec.Struct, frozen=True):
    """What an email with these values would say."""

    from_: str | None = msgspec.field(name="from")
    subject: str | None
    reply_to: list[str] | None
    html: str
    text: str | None
    object: str = "template_preview"


def template_summary(row: AnyRow) -> TemplateSummary:
    return TemplateSummary(**_shown(row))


def template_details(template: Edited) -> TemplateDetails:
    content = template.content
    revised_at = timestamp(template.revised_at)
    return TemplateDetails(
        **_shown(template.row),
        current_version_id=str(template.row.draft_version_id),
        has_unpublished_versions=template.row.draft_version_id != template.row.published_version_id,
        from_=content.sender,
        subject=content.subject,
        reply_to=list(content.reply_to) or None,
        html=content.html,
        text=content.text,
        variables=[
            TemplateVariable(
                key=variable.key,
                type=variable.type.value,
                fallback_value=variable.fallback,
                created_at=revised_at,
                updated_at=revised_at,
            )
            for variable in content.variables
        ],
    )


def template_preview(rendered: Rendered) -> TemplatePreview:
    return TemplatePreview(
        from_=rendered.sender,
        subject=rendered.subject,
        reply_to=list(rendered.reply_to) or None,
        html=rendered.html,
        text=rendered.text,
    )


def _shown(row: AnyRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "name": row.name,
        "alias": row.alias,
        "status": "draft" if row.published_version_id is None else "published",
        "published_at": None if row.published_at is None else timestamp(row.published_at),
        "created_at": timestamp(row.created_at),
        "updated_at": timestamp(row.updated_at),
    }
