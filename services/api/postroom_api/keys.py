"""API keys as clients manage them."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import msgspec
from loguru import logger
from sqlalchemy import Connection

from postroom_api.answers import timestamp
from postroom_api.asking import ask
from postroom_api.caller import Caller
from postroom_api.errors import NOT_FOUND, ApiError, invalid, refuse
from postroom_api.names import read_name
from postroom_api.writing import write
from postroom_database.engine import Database
from postroom_database.paging import Slice
from postroom_database.repositories import api_keys, domains
from postroom_domain.ids import parse_id
from postroom_domain.permissions import Permission
from postroom_domain.tokens import hash_token, new_token

_LONGEST_NAME = 100


class KeyRequest(msgspec.Struct):
    """A key to make. ``domain_id`` binds a sending key to one domain."""

    name: str | None = None
    permission: Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(Permission)})] | None = None
    domain_id: Annotated[str, msgspec.Meta(extra_json_schema={"format": "uuid"})] | None = None


class RenameRequest(msgspec.Struct):
    name: str | None = None


class NewKey(msgspec.Struct, frozen=True):
    """The only answer that ever holds the token."""

    id: str
    token: str


class KeySummary(msgspec.Struct, frozen=True):
    id: str
    name: str
    created_at: str
    last_used_at: str | None
    permission: str
    domain_id: str | None


class KeyPage(msgspec.Struct, frozen=True):
    has_more: bool
    data: list[KeySummary]
    object: str = "list"


class KeyReference(msgspec.Struct, frozen=True):
    id: str
    object: str = "api_key"


class KeyRemoved(KeyReference, frozen=True):
    deleted: bool = True


@dataclass(frozen=True, slots=True)
class Keys:
    database: Database

    def create(self, caller: Caller, asked: KeyRequest) -> NewKey:
        name = read_name(asked.name, longest=_LONGEST_NAME)
        permission = _permission(asked.permission)
        domain_id = self._domain(caller.workspace_id, asked, permission)
        token = new_token()

        def add(connection: Connection) -> UUID:
            key_id = api_keys.add(
                connection,
                workspace_id=caller.workspace_id,
                name=name,
                token_hash=hash_token(token),
                permission=permission,
                domain_id=domain_id,
            )
            caller.note(connection, "key.created", key_id)
            return key_id

        key_id = write(self.database, add)
        logger.info(
            "key.created", workspace_id=str(caller.workspace_id), key_id=str(key_id), permission=permission.value
        )
        return NewKey(str(key_id), token)

    def page(self, workspace_id: UUID, wanted: Slice) -> KeyPage:
        """Active keys: one that was removed is gone for clients."""
        rows, has_more = ask(self.database, lambda connection: api_keys.page(connection, workspace_id, wanted))
        return KeyPage(
            has_more=has_more,
            data=[
                KeySummary(
                    id=str(row.id),
                    name=row.name,
                    created_at=timestamp(row.created_at),
                    last_used_at=None if row.last_used_at is None else timestamp(row.last_used_at),
                    permission=row.permission.value,
                    domain_id=None if row.domain_id is None else str(row.domain_id),
                )
                for row in rows
            ],
        )

    def rename(self, caller: Caller, key_id: UUID, asked: RenameRequest) -> KeyReference:
        name = read_name(asked.name, longest=_LONGEST_NAME)

        def rename(connection: Connection) -> None:
            if not api_keys.rename(connection, workspace_id=caller.workspace_id, key_id=key_id, name=name):
                raise _not_found()
            caller.note(connection, "key.renamed", key_id)

        write(self.database, rename)
        logger.info("key.renamed", workspace_id=str(caller.workspace_id), key_id=str(key_id))
        return KeyReference(str(key_id))

    def remove(self, caller: Caller, key_id: UUID) -> KeyRemoved:
        """End a key. Every process refuses it within seconds."""

        def end(connection: Connection) -> None:
            if not api_keys.end(connection, workspace_id=caller.workspace_id, key_id=key_id):
                raise _not_found()
            caller.note(connection, "key.revoked", key_id)

        write(self.database, end)
        logger.info("key.revoked", workspace_id=str(caller.workspace_id), key_id=str(key_id))
        return KeyRemoved(str(key_id))

    def _domain(self, workspace_id: UUID, asked: KeyRequest, permission: Permission) -> UUID | None:
        if not asked.domain_id:
            return None
        if permission is Permission.FULL_ACCESS:
            # Ignoring it would leave a key that its owner believes to be bound free to send as anybody.
            raise invalid("domain_id", "Only a key with `sending_access` can be bound to a domain.")
        domain_id = parse_id(asked.domain_id)
        if domain_id is None or not ask(
            self.database, lambda connection: domains.is_there(connection, workspace_id, domain_id)
        ):
            raise invalid("domain_id", "There is no such domain.")
        return domain_id


def _permission(text: str | None) -> Permission:
    if not text:
        return Permission.FULL_ACCESS
    try:
        return Permission(text)
    except ValueError:
        raise invalid("permission", "It must be `full_access` or `sending_access`.") from None


def _not_found() -> ApiError:
    return refuse(NOT_FOUND, what="API key")
