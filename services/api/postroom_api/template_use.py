"""Emails that say what a template says."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from msgspec import structs

from postroom_api.apart import apart
from postroom_api.asking import ask
from postroom_api.bodies import fields_of
from postroom_api.bounds import MAX_BODY_BYTES, MEGABYTE
from postroom_api.email_request import EmailRequest, TemplateUseRequest
from postroom_api.errors import MISSING_FIELD, NOT_PUBLISHED, invalid, refuse
from postroom_database.engine import Database
from postroom_database.repositories import templates
from postroom_domain.errors import InvalidValue, MissingValues
from postroom_domain.template_aliases import parse_reference
from postroom_domain.templates import Rendering


class Budget:
    """How much text one request may make of templates: as much as it could have sent.

    A hundred bytes of request can ask for a hundred times a megabyte.
    """

    def __init__(self) -> None:
        self._left = MAX_BODY_BYTES

    def take(self, size: int) -> None:
        """Raise ApiError when that is more than there is."""
        if size > self._left:
            raise invalid("template", f"What the request asks for is larger than {MAX_BODY_BYTES // MEGABYTE} MB.")
        self._left -= size


@dataclass(frozen=True, slots=True)
class Filled:
    """A template with checked values, and the bytes that it will be."""

    rendering: Rendering
    values: Mapping[str, str]
    size: int


def fill(rendering: Rendering, given: Mapping[str, object], place: str, budget: Budget) -> Filled:
    """Check the values for a template.

    Args:
        rendering: the template.
        given: values by key.
        place: the field that they are in.
        budget: of the request.

    Raises:
        ApiError: naming the value that is wrong, all that are missing, or that the result would be too large.
    """
    try:
        values = rendering.values(given)
    except InvalidValue as problem:
        raise invalid(f"{place}.{problem.key}", problem) from None
    except MissingValues as problem:
        raise invalid(place, problem) from None
    size = rendering.size(values)
    budget.take(size)
    return Filled(rendering, values, size)


@dataclass(frozen=True, slots=True)
class _Found:
    template_id: UUID
    rendering: Rendering | None
    """None: it was never published."""


class TemplateUse:
    """The templates that one request uses: each is read once, as it is published at that moment.

    Args:
        database: where they are; not asked by a request that uses none.
        workspace_id: whose they must be.
    """

    def __init__(self, database: Database, workspace_id: UUID) -> None:
        self._database = database
        self._workspace_id = workspace_id
        self._read: dict[str, _Found | None] = {}
        self._budget = Budget()

    async def expand(self, email: EmailRequest) -> EmailRequest:
        """The email with what its template says, where it does not say something else itself.

        Raises:
            ApiError: naming what is wrong.
            DatabaseUnavailable: the template cannot be read.
        """
        asked = email.template
        if asked is None:
            return email
        if email.html or email.text:
            raise invalid("template", "It cannot be given together with `html` or `text`.")
        values = fields_of(asked.variables, "template.variables")
        filled = fill(await self._published(asked), values, "template.variables", self._budget)
        rendered = await apart(filled.size, lambda: filled.rendering.render(filled.values))
        return structs.replace(
            email,
            template=None,
            from_=email.from_ or rendered.sender,
            subject=rendered.subject if email.subject is None else email.subject,
            reply_to=email.reply_to or email.reply_to_camel or list(rendered.reply_to),
            html=rendered.html,
            text=rendered.text,
        )

    async def _published(self, asked: TemplateUseRequest) -> Rendering:
        if not asked.id:
            raise refuse(MISSING_FIELD, field="template.id")
        if asked.id not in self._read:
            self._read[asked.id] = await asyncio.to_thread(self._look_up, asked.id)
        found = self._read[asked.id]
        if found is None:
            raise invalid("template.id", "There is no such template.")
        if found.rendering is None:
            raise refuse(NOT_PUBLISHED, id=found.template_id)
        return found.rendering

    def _look_up(self, name: str) -> _Found | None:
        reference = parse_reference(name)
        if reference is None:
            return None
        found = ask(
            self._database,
            lambda connection: templates.find_published(connection, self._workspace_id, reference),
        )
        if found is None:
            return None
        return _Found(found.template_id, None if found.content is None else Rendering(found.content))
