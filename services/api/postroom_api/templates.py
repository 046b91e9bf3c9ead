"""Templates as clients manage them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from loguru import logger
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from postroom_api.asking import ask
from postroom_api.bodies import fields_of
from postroom_api.caller import Caller
from postroom_api.email_check import check_address, check_subject
from postroom_api.errors import NOT_FOUND, NOT_PUBLISHED, ApiError, invalid, refuse
from postroom_api.template_answers import (
    TemplateDetails,
    TemplatePage,
    TemplatePreview,
    TemplateReference,
    TemplateRemoved,
    template_details,
    template_preview,
    template_summary,
)
from postroom_api.template_check import new_alias, new_content, new_name
from postroom_api.template_request import PreviewRequest, TemplateRequest
from postroom_api.template_use import Budget, fill
from postroom_api.writing import write
from postroom_database.engine import Database
from postroom_database.errors import is_duplicate
from postroom_database.paging import Slice
from postroom_database.repositories import templates
from postroom_database.repositories.templates import Edited
from postroom_domain.template_aliases import parse_reference
from postroom_domain.templates import Rendered, Rendering, TemplateContent

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Templates:
    """``name`` is an id or an alias, everywhere."""

    database: Database

    def create(self, caller: Caller, asked: TemplateRequest) -> TemplateReference:
        name, alias, content = new_name(asked), new_alias(asked), new_content(asked)
        return self._add(caller, name, alias, content, None)

    def page(self, workspace_id: UUID, wanted: Slice) -> TemplatePage:
        rows, has_more = ask(self.database, lambda connection: templates.page(connection, workspace_id, wanted))
        return TemplatePage(has_more=has_more, data=[template_summary(row) for row in rows])

    def one(self, workspace_id: UUID, name: str) -> TemplateDetails:
        return template_details(self._find(workspace_id, name))

    def change(self, caller: Caller, name: str, asked: TemplateRequest) -> TemplateReference:
        """Edit the draft; what is published stays as it is."""

        def edit(connection: Connection, locked: Edited) -> None:
            templates.change(
                connection,
                locked,
                name=new_name(asked, locked.row.name),
                alias=new_alias(asked, locked.row.alias),
                content=new_content(asked, locked.content),
            )

        template_id = self._locked(caller, name, edit, "template.changed")
        return TemplateReference(str(template_id))

    def publish(self, caller: Caller, name: str) -> TemplateReference:
        """Every email that is accepted from now on says what the draft says now."""
        template_id = self._locked(caller, name, templates.publish, "template.published")
        return TemplateReference(str(template_id))

    def duplicate(self, caller: Caller, name: str) -> TemplateReference:
        """A new draft that says what this one's draft says. An alias is one template's, so the copy has none."""
        found = self._find(caller.workspace_id, name)
        return self._add(caller, found.row.name, None, found.content, found.row.id)

    def remove(self, caller: Caller, name: str) -> TemplateRemoved:
        """Emails that were accepted with it stay as they are."""
        template_id = self._locked(caller, name, templates.remove, "template.removed")
        return TemplateRemoved(str(template_id))

    def preview(self, workspace_id: UUID, name: str, asked: PreviewRequest) -> TemplatePreview:
        if asked.version not in {None, "draft", "published"}:
            raise invalid("version", "It must be `draft` or `published`.")
        content = self._content(workspace_id, name, published=asked.version == "published")
        filled = fill(Rendering(content), fields_of(asked.variables, "variables"), "variables", Budget())
        rendered = filled.rendering.render(filled.values)
        _check_rendered(rendered)
        return template_preview(rendered)

    def _content(self, workspace_id: UUID, name: str, *, published: bool) -> TemplateContent:
        if not published:
            return self._find(workspace_id, name).content
        found = self._look_up(templates.find_published, workspace_id, name)
        if found.content is None:
            raise refuse(NOT_PUBLISHED, id=found.template_id)
        return found.content

    def _find(self, workspace_id: UUID, name: str) -> Edited:
        return self._look_up(templates.find, workspace_id, name)

    def _look_up(
        self, find: Callable[[Connection, UUID, UUID | str], _Found | None], workspace_id: UUID, name: str
    ) -> _Found:
        reference = parse_reference(name)
        if reference is None:
            raise _not_found()
        found = ask(self.database, lambda connection: find(connection, workspace_id, reference))
        if found is None:
            raise _not_found()
        return found

    def _add(
        self, caller: Caller, name: str, alias: str | None, content: TemplateContent, original: UUID | None
    ) -> TemplateReference:
        action = "template.created" if original is None else "template.duplicated"
        about = {} if original is None else {"original_id": str(original)}

        def add(connection: Connection) -> UUID:
            template_id = templates.add(
                connection, workspace_id=caller.workspace_id, name=name, alias=alias, content=content
            )
            caller.note(connection, action, template_id, about or None)
            return template_id

        with _unique_alias():
            template_id = write(self.database, add)
        logger.info(action, workspace_id=str(caller.workspace_id), template_id=str(template_id), **about)
        return TemplateReference(str(template_id))

    def _locked(self, caller: Caller, name: str, work: Callable[[Connection, Edited], None], action: str) -> UUID:
        """Do something with a template that nobody else changes meanwhile, and tell of it.

        By its id: transactions that find a row by an alias and by its id lock it in two orders.
        """
        template_id = self._look_up(templates.identify, caller.workspace_id, name)

        def act(connection: Connection) -> None:
            locked = templates.lock(connection, caller.workspace_id, template_id)
            if locked is None:
                raise _not_found()
            work(connection, locked)
            caller.note(connection, action, template_id)

        with _unique_alias():
            write(self.database, act)
        logger.info(action, workspace_id=str(caller.workspace_id), template_id=str(template_id))
        return template_id


@contextmanager
def _unique_alias() -> Iterator[None]:
    try:
        yield
    except IntegrityError as problem:
        if not is_duplicate(problem):
            raise
        raise invalid("alias", "Another template of the workspace has it.") from None


def _check_rendered(rendered: Rendered) -> None:
    """What sending would refuse is refused here too."""
    if rendered.sender is not None:
        check_address(rendered.sender, "from")
    if rendered.subject is not None:
        check_subject(rendered.subject)
    for address in rendered.reply_to:
        check_address(address, "reply_to")


def _not_found() -> ApiError:
    return refuse(NOT_FOUND, what="Template")
