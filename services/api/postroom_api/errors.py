"""What a client is told when a request cannot be answered: one table of (status, name), one shape of body."""

from dataclasses import dataclass, field

import msgspec


class ErrorBody(msgspec.Struct, frozen=True):
    """The body of every error. Resend's SDKs need all three fields."""

    statusCode: int  # noqa: N815 - the wire's name
    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Kind:
    status: int
    name: str


INVALID_JSON = Kind(400, "validation_error")
INVALID_IDEMPOTENCY_KEY = Kind(400, "invalid_idempotency_key")
MISSING_API_KEY = Kind(401, "missing_api_key")
INVALID_API_KEY = Kind(403, "invalid_api_key")
NOT_FOUND = Kind(404, "not_found")
METHOD_NOT_ALLOWED = Kind(405, "method_not_allowed")
IDEMPOTENCY_CONFLICT = Kind(409, "invalid_idempotent_request")
TOO_LARGE = Kind(413, "validation_error")
VALIDATION = Kind(422, "validation_error")
MISSING_FIELD = Kind(422, "missing_required_field")
INVALID_PARAMETER = Kind(422, "invalid_parameter")
INVALID_ATTACHMENT = Kind(422, "invalid_attachment")
FAILED = Kind(500, "application_error")
UNAVAILABLE = Kind(503, "service_unavailable")


@dataclass(eq=False)
class ApiError(Exception):
    """Raised anywhere in the api; the client gets ``kind`` and ``message``, and nothing was stored."""

    kind: Kind
    message: str
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> ErrorBody:
        return ErrorBody(statusCode=self.kind.status, name=self.kind.name, message=self.message)


def unavailable() -> ApiError:
    """The truth is away: nothing was stored, and the client may come back."""
    return ApiError(
        UNAVAILABLE,
        "The service cannot store emails right now. Try again in a few seconds.",
        {"retry-after": "5"},
    )
