"""What an answer of SES means for us. Names: SESv2 API reference, SendEmail and common errors."""

from postroom_transport.message import Verdict

VERDICTS = {
    "TooManyRequestsException": Verdict.TRANSIENT,
    "LimitExceededException": Verdict.TRANSIENT,
    # An operator or AWS lifts these; mail that waits meanwhile is not lost.
    "SendingPausedException": Verdict.TRANSIENT,
    "AccountSuspendedException": Verdict.TRANSIENT,
    # The only resource that a call of ours names is the configuration set: a mistake in one URL must not
    # fail all mail.
    "NotFoundException": Verdict.TRANSIENT,
    "MessageRejected": Verdict.PERMANENT,
    "MailFromDomainNotVerifiedException": Verdict.PERMANENT,
    "BadRequestException": Verdict.PERMANENT,
    # Common errors of AWS APIs that come with 400 and go away.
    "ThrottlingException": Verdict.TRANSIENT,
    "Throttling": Verdict.TRANSIENT,
    "RequestExpired": Verdict.TRANSIENT,
    "ExpiredTokenException": Verdict.TRANSIENT,
}
UNAUTHORIZED = 401
FORBIDDEN = 403
TOO_MANY = 429
SERVER_ERROR = 500
GATEWAY_TIMEOUT = 504


def judge(error: str, status: int) -> Verdict:
    """Return the verdict on an answered refusal: by its name, else by its HTTP status."""
    if error in VERDICTS:
        return VERDICTS[error]
    if status == GATEWAY_TIMEOUT:
        # What stands before SES did not hear from it: it may have accepted.
        return Verdict.UNKNOWN
    # Credentials and policies are an operator's to mend, as is an outage Amazon's.
    if status in {UNAUTHORIZED, FORBIDDEN, TOO_MANY} or status >= SERVER_ERROR:
        return Verdict.TRANSIENT
    return Verdict.PERMANENT
