"""What the provider must be told or asked beside mail: kept until it is done, claimed by one worker at a time."""

from uuid import UUID

from sqlalchemy import Connection, insert

from postroom_database.models import ProviderJob
from postroom_domain.ids import new_id
from postroom_domain.provider_jobs import ProviderJobKind


def add(connection: Connection, kind: ProviderJobKind, *, workspace_id: UUID, subject: str, request_id: str) -> UUID:
    """Note a job in the transaction of what makes it necessary; it is due at once."""
    job_id = new_id()
    connection.execute(
        insert(ProviderJob),
        [
            {
                "id": job_id,
                "workspace_id": workspace_id,
                "kind": kind.value,
                "subject": subject,
                "request_id": request_id,
                "attempts": 0,
            }
        ],
    )
    return job_id
