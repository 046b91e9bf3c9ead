"""What an answer of SES means for us, error by error."""

from dataclasses import dataclass

from postroom_transport.message import Verdict

SEND_EMAIL = "SESv2 API reference, SendEmail, Errors"
COMMON = "SESv2 API reference, Common Error Types"
SIGNING = "IAM User Guide, Troubleshoot AWS API request signing"


@dataclass(frozen=True, slots=True)
class Answer:
    """Attributes: source is the page of Amazon's that names the error; why says how its verdict follows."""

    verdict: Verdict
    why: str
    source: str


ANSWERS = {
    # About the account: mail waits, and none fails for it.
    "TooManyRequestsException": Answer(Verdict.PARKED, "the account's rate", SEND_EMAIL),
    "LimitExceededException": Answer(Verdict.PARKED, "a quota of the account", SEND_EMAIL),
    "SendingPausedException": Answer(Verdict.PARKED, "lifted by an operator or AWS", SEND_EMAIL),
    "AccountSuspendedException": Answer(Verdict.PARKED, "lifted by AWS", SEND_EMAIL),
    "ThrottlingException": Answer(Verdict.PARKED, "the account's rate", COMMON),
    "Throttling": Answer(Verdict.PARKED, "the account's rate, as older APIs name it", COMMON),
    # About the configuration: a mistake in one URL or one role must not fail all mail.
    "NotFoundException": Answer(Verdict.PARKED, "the configuration set, all that a call of ours names", SEND_EMAIL),
    "AccessDeniedException": Answer(Verdict.PARKED, "the role's policy", COMMON),
    "NotAuthorized": Answer(Verdict.PARKED, "the role's policy", COMMON),
    "OptInRequired": Answer(Verdict.PARKED, "the account's subscription", COMMON),
    "ExpiredTokenException": Answer(Verdict.PARKED, "credentials", COMMON),
    "UnrecognizedClientException": Answer(Verdict.PARKED, "credentials", COMMON),
    "InvalidClientTokenId": Answer(Verdict.PARKED, "credentials", COMMON),
    "MissingAuthenticationTokenException": Answer(Verdict.PARKED, "credentials", COMMON),
    "IncompleteSignature": Answer(Verdict.PARKED, "credentials", COMMON),
    "RequestExpired": Answer(Verdict.PARKED, "this host's clock", COMMON),
    "SignatureDoesNotMatch": Answer(Verdict.PARKED, "credentials, or this host's clock", SIGNING),
    "InvalidSignatureException": Answer(Verdict.PARKED, "credentials, or this host's clock", SIGNING),
    "UnknownOperationException": Answer(Verdict.PARKED, "the endpoint is none of SES's", COMMON),
    # About the message: it will never be taken.
    "MessageRejected": Answer(Verdict.PERMANENT, "the content, or a sender that is not verified", SEND_EMAIL),
    "MailFromDomainNotVerifiedException": Answer(Verdict.PERMANENT, "the sender's domain", SEND_EMAIL),
    "BadRequestException": Answer(Verdict.PERMANENT, "the message", SEND_EMAIL),
    "ValidationError": Answer(Verdict.PERMANENT, "the message", COMMON),
    "MalformedHttpRequestException": Answer(Verdict.PERMANENT, "the message", COMMON),
    "RequestEntityTooLargeException": Answer(Verdict.PERMANENT, "the message", COMMON),
    # Amazon's own trouble.
    "InternalFailure": Answer(Verdict.TRANSIENT, "SES failed before it took the message", COMMON),
    "InternalServiceErrorException": Answer(Verdict.TRANSIENT, "SES failed before it took the message", COMMON),
    "ServiceUnavailable": Answer(Verdict.TRANSIENT, "SES takes nothing now", COMMON),
    "RequestAbortedException": Answer(Verdict.UNKNOWN, "broken off before an answer was there", COMMON),
    "RequestTimeoutException": Answer(Verdict.UNKNOWN, "broken off before an answer was there", COMMON),
}
UNAUTHORIZED = 401
FORBIDDEN = 403
TOO_MANY = 429
SERVER_ERROR = 500
GATEWAY_TIMEOUT = 504


def judge(error: str, status: int) -> Verdict:
    """Return the verdict on an answered refusal: by its name, else by its HTTP status."""
    if error in ANSWERS:
        return ANSWERS[error].verdict
    if status == GATEWAY_TIMEOUT:
        # What stands before SES did not hear from it: it may have accepted.
        return Verdict.UNKNOWN
    if status in {UNAUTHORIZED, FORBIDDEN, TOO_MANY}:
        return Verdict.PARKED
    return Verdict.TRANSIENT if status >= SERVER_ERROR else Verdict.PERMANENT


def denies(error: str, status: int) -> bool:
    """Whether an answered refusal is about who asks, not about what or how often."""
    return status in {UNAUTHORIZED, FORBIDDEN} or error in {"AccessDeniedException", "NotAuthorized"}
