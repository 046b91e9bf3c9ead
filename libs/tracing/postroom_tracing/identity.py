"""What ids of a trace follow from what is stored anyway: any process can go on with a trace, whatever was lost.

The trace of a request has the request's id; the span of an email, in which it was stored, has the last half of the
email's, which is random.
"""

import hashlib
import re
from dataclasses import dataclass
from uuid import UUID

_SPAN = 2**64 - 1
_TRACE_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Origin:
    """What a piece of work is done for.

    Attributes:
        request_id: that caused it.
        email_id: the email among what the request caused; None: it is about none.
    """

    request_id: str
    email_id: UUID | None = None


def trace_id_of(request_id: str) -> int:
    """A client's own id, which may be any word, is hashed."""
    found = int(request_id, 16) if _TRACE_ID.fullmatch(request_id) else 0
    return found or int.from_bytes(hashlib.sha256(request_id.encode()).digest()[:16])


def span_id_of(email_id: UUID) -> int:
    return email_id.int & _SPAN
