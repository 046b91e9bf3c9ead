"""What SES can be told and asked beside mail: identities of domains, its suppression list, and the account's quota.

Names: SESv2 API reference, CreateEmailIdentity, GetEmailIdentity, DeleteSuppressedDestination, GetAccount.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final

from postroom_domain.domain_states import RecordState
from postroom_domain.quotas import Quota
from postroom_transport.provider import Identity, Signer

if TYPE_CHECKING:
    from types_boto3_sesv2.client import SESV2Client
    from types_boto3_sesv2.type_defs import CreateEmailIdentityRequestTypeDef, DkimSigningAttributesTypeDef

_STATES = {
    "NOT_STARTED": RecordState.NOT_STARTED,
    "PENDING": RecordState.PENDING,
    "SUCCESS": RecordState.VERIFIED,
    "FAILED": RecordState.FAILED,
    "TEMPORARY_FAILURE": RecordState.TEMPORARY_FAILURE,
}
_OURS: Final = "EXTERNAL"
"""The origin of keys that SES did not make."""


class SesIdentities:
    """SES as a provider.

    Args:
        client: of SESv2; closed here.
        configuration_set: what identities are made with.
        translated: turns what the client raises into ProviderAway and ProviderRefused.
    """

    def __init__(
        self,
        client: "SESV2Client",
        *,
        configuration_set: str | None,
        translated: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._client = client
        self._configuration_set = configuration_set
        self._translated = translated

    def find_identity(self, name: str) -> Identity | None:
        with self._translated():
            try:
                found = self._client.get_email_identity(EmailIdentity=name)
            except self._client.exceptions.NotFoundException:
                return None
        dkim, mail_from = found.get("DkimAttributes", {}), found.get("MailFromAttributes", {})
        tokens = dkim.get("Tokens", [])
        return Identity(
            selector=tokens[0] if dkim.get("SigningAttributesOrigin") == _OURS and len(tokens) == 1 else None,
            dkim=_STATES.get(dkim.get("Status", ""), RecordState.NOT_STARTED),
            return_path_domain=mail_from.get("MailFromDomain") or None,
            return_path=_STATES.get(mail_from.get("MailFromDomainStatus", ""), RecordState.NOT_STARTED),
        )

    def add_identity(self, name: str, signer: Signer) -> None:
        request: CreateEmailIdentityRequestTypeDef = {
            "EmailIdentity": name,
            "DkimSigningAttributes": _attributes(signer),
        }
        if self._configuration_set is not None:
            request["ConfigurationSetName"] = self._configuration_set
        with self._translated():
            try:
                self._client.create_email_identity(**request)
            except self._client.exceptions.AlreadyExistsException:
                return

    def renew_signer(self, name: str, signer: Signer) -> None:
        with self._translated():
            self._client.put_email_identity_dkim_signing_attributes(
                EmailIdentity=name, SigningAttributesOrigin=_OURS, SigningAttributes=_attributes(signer)
            )

    def set_return_path(self, name: str, domain: str) -> None:
        with self._translated():
            self._client.put_email_identity_mail_from_attributes(
                EmailIdentity=name, MailFromDomain=domain, BehaviorOnMxFailure="USE_DEFAULT_VALUE"
            )

    def remove_identity(self, name: str) -> None:
        with self._translated():
            try:
                self._client.delete_email_identity(EmailIdentity=name)
            except self._client.exceptions.NotFoundException:
                return

    def unsuppress(self, address: str) -> None:
        with self._translated():
            try:
                self._client.delete_suppressed_destination(EmailAddress=address)
            except self._client.exceptions.NotFoundException:
                return

    def read_quota(self) -> Quota:
        with self._translated():
            account = self._client.get_account()
        quota = account.get("SendQuota", {})
        return Quota(
            per_second=quota.get("MaxSendRate", 0.0),
            per_day=quota.get("Max24HourSend", 0.0),  # -1: unlimited, as the API reference has it
            sent_in_day=quota.get("SentLast24Hours", 0.0),
            sending_enabled=account.get("SendingEnabled", False),
        )

    def close(self) -> None:
        self._client.close()


def _attributes(signer: Signer) -> "DkimSigningAttributesTypeDef":
    return {"DomainSigningSelector": signer.selector, "DomainSigningPrivateKey": signer.private_key}
