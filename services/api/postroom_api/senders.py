"""Who may send as whom: a key may be bound to a domain, and a domain must be the workspace's and verified."""

from uuid import UUID

from postroom_api.asking import ask
from postroom_api.authentication import Principal
from postroom_api.errors import FOREIGN_SENDER, UNVERIFIED_SENDER, refuse
from postroom_api.recent import Recent
from postroom_database.engine import Database
from postroom_database.repositories import domains
from postroom_domain.addresses import parse_mailbox

_KEPT_SECONDS = 3.0
_KEPT_DOMAINS = 10_000


class Senders:
    """Checks the sender of each email.

    That a domain is verified is remembered for three seconds; that it is not, never.

    Args:
        database: where domains are.
        verified_only: whether a sender must be in a verified domain of the workspace.
    """

    def __init__(self, database: Database, *, verified_only: bool) -> None:
        self._database = database
        self._verified_only = verified_only
        self._verified = Recent(self._look_up, seconds=_KEPT_SECONDS, entries=_KEPT_DOMAINS)

    async def check(self, who: Principal, sender: str) -> None:
        """Raise ApiError when the principal may not send from this address; it is well formed."""
        domain = parse_mailbox(sender).domain
        if who.is_bound and domain != who.domain:
            raise refuse(FOREIGN_SENDER, domain=domain)
        if self._verified_only:
            await self._verified.get((who.workspace_id, domain))

    def _look_up(self, asked: tuple[UUID, str]) -> None:
        workspace_id, domain = asked
        if not ask(self._database, lambda connection: domains.may_send(connection, workspace_id, domain)):
            raise refuse(UNVERIFIED_SENDER, domain=domain)
