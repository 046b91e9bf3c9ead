"""A workspace called acme, and in it what commands want to find."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID, uuid4

from sqlalchemy import update

from postroom_database.engine import Database
from postroom_database.models import Email
from postroom_database.repositories import api_keys, domains, provider_messages, workspaces
from postroom_database.repositories.domains import SealedKey
from postroom_domain.provider_messages import MessageResult
from postroom_domain.tokens import hash_token
from postroom_testing.domains import new_domain
from postroom_testing.drafts import draft, store
from postroom_testing.schedules import schedule
from postroom_testing.webhooks import add_webhook


@dataclass(frozen=True)
class Scene:
    """Puts things into a database of this release.

    Attributes:
        run: runs a command there, and raises AssertionError when it is not done.
    """

    run: Callable[..., object]
    database: Database
    workspace_id: UUID

    @classmethod
    def set(cls, run: Callable[..., object], database: Database) -> Self:
        """With the workspace, made by the command for it."""
        run("workspace", "create", "acme")
        with database.read() as connection:
            workspace_id = workspaces.find(connection, "acme")
        if workspace_id is None:
            raise AssertionError("the command made no workspace")
        return cls(run, database, workspace_id)

    def email(self, **changes: Any) -> str:
        one = draft(self.workspace_id)
        store(self.database, one)
        with self.database.begin() as connection:
            connection.execute(update(Email).where(Email.id == one.id).values({"state": "queued"} | changes))
        return str(one.id)

    def held(self) -> str:
        """An email that waits for a decision."""
        return self.email(state="held", held_because="unknown")

    def key(self) -> str:
        with self.database.begin() as connection:
            return str(api_keys.add(connection, workspace_id=self.workspace_id, name="k", token_hash=hash_token("t")))

    def webhook(self, **values: str) -> str:
        return str(add_webhook(self.database, self.workspace_id, **values))

    def schedule(self, **values: Any) -> str:
        return str(schedule(self.database, workspace_id=self.workspace_id, **values))

    def domain(self) -> str:
        new = new_domain(f"{uuid4().hex}.example.com")
        with self.database.begin() as connection:
            domains.add(connection, self.workspace_id, new, SealedKey("s", "public", "sealed"))
        return new.name

    def declared(self) -> str:
        """A domain that an operator vouched for."""
        name = self.domain()
        self.run("domain", "declare", name)
        return name

    def event(self, result: MessageResult = MessageResult.UNMATCHED) -> str:
        """What SES told, after a worker looked at it."""
        with self.database.begin() as connection:
            job_id = provider_messages.keep(connection, str(uuid4()), "{}", request_id="r", hinted=False)
            if job_id is None:
                raise AssertionError("it was kept before")
            [claimed] = provider_messages.claim(connection, [job_id], lease_seconds=60)
            provider_messages.finish(connection, claimed, result)
        return str(job_id)
