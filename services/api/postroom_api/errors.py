"""What a client is told when a request cannot be answered: one table of status, name and message.

The names are Resend's (its documents, "Errors"), because its SDKs sort by them.
"""

from dataclasses import dataclass, field

import msgspec

from postroom_domain.limits import MAX_BATCH, MAX_IDEMPOTENCY_KEY, MAX_WEBHOOKS


class ErrorBody(msgspec.Struct, frozen=True):
    """The body of every error. Resend's SDKs need all three fields."""

    statusCode: int  # noqa: N815 - the wire's name
    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the table.

    Attributes:
        status: of HTTP.
        name: as Resend's clients know it.
        text: the message; what stands in braces is given where it is raised.
        when: for people, in the reference.
    """

    status: int
    name: str
    text: str
    when: str


UNREADABLE_BODY = Kind(400, "validation_error", "The request body is not valid: {reason}", "no JSON, or cut off")
UNREADABLE_REQUEST = Kind(400, "validation_error", "The request cannot be read: {reason}", "no HTTP as it should be")
INVALID_IDEMPOTENCY_KEY = Kind(
    400,
    "invalid_idempotency_key",
    f"The idempotency key must have 1 to {MAX_IDEMPOTENCY_KEY} characters.",
    "the `Idempotency-Key` header is empty or too long",
)
MISSING_API_KEY = Kind(
    401,
    "missing_api_key",
    "Missing API key in the authorization header: `Authorization: Bearer <key>`.",
    "no `Authorization` header, or one of another scheme",
)
RESTRICTED_API_KEY = Kind(
    401, "restricted_api_key", "This API key is restricted to only send emails.", "a sending key used elsewhere"
)
INVALID_API_KEY = Kind(403, "invalid_api_key", "API key is invalid.", "an unknown or revoked key")
FOREIGN_SENDER = Kind(
    403,
    "restricted_api_key",
    "This API key may not send from {domain}: it is bound to another domain.",
    "a key bound to a domain, and a `from` in another one",
)
UNVERIFIED_SENDER = Kind(
    403,
    "validation_error",
    "The {domain} domain is not verified. Add it with `POST /domains` and verify it, or send from one that is.",
    "a `from` in a domain that the workspace has not verified",
)
DOMAIN_TAKEN = Kind(
    403, "validation_error", "The {domain} domain has been registered already.", "a domain that is there already"
)
INVALID_LINK = Kind(
    403,
    "validation_error",
    "The link is not valid, or no longer: ask for what it belongs to again to get a new one.",
    "a download link that has expired or was altered",
)
FORGED_MESSAGE = Kind(
    403,
    "validation_error",
    "The message is not taken. {reason}",
    "a message at `/hooks/ses` that SNS did not sign, or of a topic that is not allowed",
)
NOT_FOUND = Kind(404, "not_found", "{what} not found.", "nothing of that id in the workspace")
NO_ENDPOINT = Kind(404, "not_found", "The requested endpoint does not exist.", "an unknown path")
LOOPBACK_ONLY = Kind(
    404,
    "not_found",
    "The inbox answers only under a loopback name, such as http://127.0.0.1.",
    "the captured inbox, asked for by another name",
)
METHOD_NOT_ALLOWED = Kind(
    405, "method_not_allowed", "Method is not allowed for the requested path.", "a path that takes other methods"
)
IDEMPOTENCY_CONFLICT = Kind(
    409,
    "invalid_idempotent_request",
    "This idempotency key was used in the last 24 hours for another request body.",
    "an idempotency key with another body than before",
)
TOO_LARGE = Kind(
    413,
    "validation_error",
    "The request body is larger than {limit} MB.",
    "a body above 64 MB for emails, 8 MB for templates, 1 MB for all else",
)
MISSING_FIELD = Kind(422, "missing_required_field", "Missing `{field}` field.", "a field that must be there")
MISSING_CONTENT = Kind(422, "validation_error", "Missing `html` or `text` field.", "an email without a body")
INVALID_FIELD = Kind(422, "validation_error", "Invalid `{field}` field. {reason}", "a field that is wrong")
INVALID_BODY = Kind(422, "validation_error", "Invalid request body. {reason}", "JSON of another kind than expected")
INVALID_BATCH = Kind(
    422,
    "validation_error",
    f"Invalid request body. A batch must hold 1 to {MAX_BATCH} emails.",
    "a batch of none or too many",
)
INVALID_HEADER = Kind(422, "validation_error", "Invalid `{header}` header. {reason}", "a header that is wrong")
INVALID_PAGE = Kind(422, "validation_error", "{reason}", "`limit`, `after` or `before` is wrong")
INVALID_PARAMETER = Kind(422, "invalid_parameter", "The `{name}` must be a valid UUID.", "an id that is no UUID")
INVALID_SUPPRESSION = Kind(
    422,
    "invalid_parameter",
    "The suppression must be named by a valid UUID or by an email address.",
    "a suppression named by something else",
)
INVALID_ATTACHMENT = Kind(422, "invalid_attachment", "Invalid `{field}` field. {reason}", "an attachment that is wrong")
UNDECLARED_VARIABLE = Kind(
    422,
    "validation_error",
    "Variable '{key}' is used in the template but not defined in the variables list.",
    "a template whose text has a placeholder without a variable",
)
NOT_PUBLISHED = Kind(
    422,
    "validation_error",
    "The template is not published. Publish it first, with `POST /templates/{id}/publish`.",
    "sending with a template that is only a draft",
)
NOT_SCHEDULED = Kind(
    422,
    "validation_error",
    "Only a scheduled email can be {action}; this one is {state}.",
    "rescheduling or canceling an email that is not scheduled",
)
TOO_MANY_WEBHOOKS = Kind(
    422,
    "validation_error",
    f"A workspace can have at most {MAX_WEBHOOKS} webhooks. Delete one that is not needed any more.",
    "one more webhook than a workspace can have",
)
FORGOTTEN_EVENT = Kind(
    422,
    "validation_error",
    "The event cannot be sent again: what it told has been forgotten.",
    "replaying an event that is forgotten by now, or whose email is",
)
RATE_LIMITED = Kind(
    429,
    "rate_limit_exceeded",
    "Too many requests: this API key may make {limit} a second. The `retry-after` header says when to go on.",
    "more requests a second than `POSTROOM_RATE_LIMIT`",
)
FAILED = Kind(
    500,
    "application_error",
    "Something went wrong on our side. The request id names it in the logs.",
    "a fault of Postroom's",
)
UNAVAILABLE = Kind(
    503,
    "service_unavailable",
    "The service cannot reach its database right now. Try again in a few seconds.",
    "the database is away; `retry-after` says when to come back",
)
UNPROVEN_MESSAGE = Kind(
    503,
    "service_unavailable",
    "SNS cannot be asked about this message right now. Send it again.",
    "a message at `/hooks/ses` whose certificate or confirmation cannot be fetched; `retry-after` says when again",
)

TABLE = {name: value for name, value in list(globals().items()) if isinstance(value, Kind)}
"""Every kind of error by its name here."""


@dataclass(eq=False)
class ApiError(Exception):
    """Raised anywhere in the api; the client gets the kind's status, name and message, and nothing was stored.

    Args:
        kind: a row of the table.
        values: what the braces of its text stand for.
        headers: of the answer.
        within: which part of the request it is about, such as ``Email 3 of the batch``.
    """

    kind: Kind
    values: dict[str, object] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    within: str = ""

    @property
    def message(self) -> str:
        text = self.kind.text.format_map(self.values)
        return f"{self.within}: {text}" if self.within else text

    def body(self) -> ErrorBody:
        return ErrorBody(statusCode=self.kind.status, name=self.kind.name, message=self.message)


def refuse(kind: Kind, **values: object) -> ApiError:
    """An error of the table, with what the braces of its text stand for."""
    return ApiError(kind, values)


def invalid(name: str, reason: object) -> ApiError:
    """The commonest one: a field of the body is wrong."""
    return ApiError(INVALID_FIELD, {"field": name, "reason": reason})


def unavailable() -> ApiError:
    """The truth is away: nothing was stored, and the client may come back."""
    return ApiError(UNAVAILABLE, headers={"retry-after": "5"})
