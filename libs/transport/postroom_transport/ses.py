"""Amazon SES, API version 2."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    ParamValidationError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from postroom_transport.errors import ProviderAway, ProviderDenied, ProviderRefused, TransportError
from postroom_transport.message import (
    MAX_RAW_BYTES,
    MAX_REASON_CHARACTERS,
    Message,
    Result,
    Verdict,
    same_for_all,
)
from postroom_transport.ses_identities import SesIdentities
from postroom_transport.ses_inspection import SesInspection
from postroom_transport.ses_verdicts import denies, judge
from postroom_transport.sns_subscriptions import SnsClient

if TYPE_CHECKING:
    from types_boto3_sesv2.client import SESV2Client
    from types_boto3_sesv2.type_defs import SendEmailRequestTypeDef

EMAIL_ID_TAG = "postroom_email_id"
# More than any worker has threads: none waits for a connection.
MAX_CONNECTIONS = 160


class SesTransport:
    """Sends raw mail through SES.

    Every message carries our email id as a tag; SES's events tell it back when a configuration set is named.

    Args:
        configuration_set: without it SES sends no events that we could tell apart.
        endpoint: another address than the region's own, for tests.
        timeout_seconds: for connecting and sending, and again for the answer.
    """

    name = "ses"
    max_bytes = MAX_RAW_BYTES

    def __init__(
        self, *, region: str, configuration_set: str | None, endpoint: str | None, timeout_seconds: float
    ) -> None:
        self._region = region
        self._configuration_set = configuration_set
        self.settles = configuration_set is not None
        self._client = _open_client(region, endpoint, timeout_seconds)

    def send(self, message: Message) -> Result:
        if len(message.raw) > self.max_bytes:
            return Result(None, same_for_all(message, Verdict.PERMANENT, "the message is larger than 40 MB"))
        request: SendEmailRequestTypeDef = {
            "FromEmailAddress": message.sender,
            # Bcc is in the envelope only; who was To or Cc, the header says.
            "Destination": {"ToAddresses": list(message.recipients)},
            "Content": {"Raw": {"Data": message.raw}},
            "EmailTags": [{"Name": EMAIL_ID_TAG, "Value": str(message.email_id)}],
        }
        if self._configuration_set is not None:
            request["ConfigurationSetName"] = self._configuration_set
        try:
            answer = self._client.send_email(**request)
        except ClientError as error:
            return Result(None, same_for_all(message, _judge_answer(error), _describe(error)))
        except (BotoCoreError, ResponseParserError) as error:
            return Result(None, same_for_all(message, _judge_silence(error), _describe(error)))
        return Result(answer["MessageId"], same_for_all(message, Verdict.SENT))

    def check(self) -> str:
        try:
            account = self._client.get_account()
            if self._configuration_set is not None:
                self._client.get_configuration_set(ConfigurationSetName=self._configuration_set)
        except (ClientError, BotoCoreError, ResponseParserError) as error:
            raise TransportError(
                f"SES in {self._region} cannot be used: {_describe(error)}. Check the region, the configuration set, "
                "and the role: ses:SendEmail, ses:SendRawEmail, ses:GetAccount, ses:GetConfigurationSet"
            ) from error
        if not account.get("SendingEnabled"):
            raise TransportError(f"SES in {self._region} has paused sending: see the account's reputation in AWS")
        quota = account.get("SendQuota", {})
        used, limit = quota.get("SentLast24Hours", 0), quota.get("Max24HourSend", 0)
        access = "production" if account.get("ProductionAccessEnabled") else "sandbox, verified recipients only"
        events = self._configuration_set or "none, so outcomes are not reported and unknown ones not settled"
        return (
            f"SES in {self._region}: {quota.get('MaxSendRate', 0):g}/s, {used:g} of {limit:g} in 24 h; "
            f"access: {access}; configuration set: {events}"
        )

    def close(self) -> None:
        self._client.close()


def open_identities(
    *, region: str, configuration_set: str | None, endpoint: str | None, timeout_seconds: float
) -> SesIdentities:
    """SES as a provider; the arguments are those of SesTransport."""
    client = _open_client(region, endpoint, timeout_seconds)
    return SesIdentities(client, configuration_set=configuration_set, translated=_translated)


def open_inspection(
    *,
    region: str,
    configuration_set: str | None,  # noqa: ARG001 - the arguments are those of SesTransport
    endpoint: str | None,
    timeout_seconds: float,
) -> SesInspection:
    """SES, to be looked at; the arguments are those of SesTransport."""

    def open_sns(sns_region: str) -> SnsClient:
        # Where SNS is reached elsewhere, AWS_ENDPOINT_URL_SNS says so, which boto3 reads by itself.
        client: SnsClient = boto3.session.Session().client(
            "sns", region_name=sns_region, config=_config(timeout_seconds)
        )
        return client

    client = _open_client(region, endpoint, timeout_seconds)
    return SesInspection(client, open_sns=open_sns, translated=_translated)


def _open_client(region: str, endpoint: str | None, timeout_seconds: float) -> "SESV2Client":
    # A client is safe to share between threads, making it is not.
    return boto3.session.Session().client(
        "sesv2", region_name=region, endpoint_url=endpoint, config=_config(timeout_seconds)
    )


def _config(timeout_seconds: float) -> Config:
    # One attempt: MySQL alone decides about retries.
    return Config(
        retries={"total_max_attempts": 1},
        connect_timeout=timeout_seconds,
        read_timeout=timeout_seconds,
        max_pool_connections=MAX_CONNECTIONS,
    )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise _trouble(_judge_answer(error), error) from error
    except (BotoCoreError, ResponseParserError) as error:
        raise _trouble(_judge_silence(error), error) from error


def _trouble(
    verdict: Verdict, error: ClientError | BotoCoreError | ResponseParserError
) -> ProviderAway | ProviderRefused:
    # A call that may have been carried out can be made again: none of them does more the second time.
    reason = " ".join(_describe(error).split())[:MAX_REASON_CHARACTERS]
    if verdict is Verdict.PERMANENT:
        return ProviderRefused(reason)
    if isinstance(error, ClientError) and denies(*_name(error)):
        return ProviderDenied(reason)
    return ProviderAway(reason)


def _judge_answer(error: ClientError) -> Verdict:
    return judge(*_name(error))


def _name(error: ClientError) -> tuple[str, int]:
    """What it is called, and its HTTP status."""
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return str(error.response.get("Error", {}).get("Code", "")), status


def _judge_silence(error: BotoCoreError | ResponseParserError) -> Verdict:
    match error:
        case HTTPClientError() | ResponseParserError():
            # The answer did not come, broke off or is none of SES's: the request may have gone out whole.
            return Verdict.UNKNOWN
        case SSLError() if "CERTIFICATE_VERIFY_FAILED" not in str(error):
            return Verdict.UNKNOWN
        case ParamValidationError():
            return Verdict.PERMANENT
        case _:
            # Nothing was sent: refused, no address, no route, connecting timed out, proxy, no credentials.
            return Verdict.TRANSIENT


def _describe(error: ClientError | BotoCoreError | ResponseParserError) -> str:
    if isinstance(error, ClientError):
        answer = error.response.get("Error", {})
        return f"{answer.get('Code', 'error')}: {answer.get('Message', '')}"
    return f"{type(error).__name__}: {error}"
