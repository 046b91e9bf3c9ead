"""Identities and the suppression list as the SES of the tests has them; shapes from the SESv2 API reference."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

from postroom_testing.ses_messages import FaultError

IDENTITIES_PATH = "/v2/email/identities"
SUPPRESSED_PATH = "/v2/email/suppression/addresses"

_IDENTITY = re.compile(rf"{IDENTITIES_PATH}/(?P<name>[^/]+)(?P<rest>/.*)?")
_SELECTOR = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_BEHAVIOURS = {"USE_DEFAULT_VALUE", "REJECT_MESSAGE"}


@dataclass
class KeptIdentity:
    """A domain. A test sets what SES found in DNS, and sees what SES was told.

    Attributes:
        origin: EXTERNAL for a key that SES was given, AWS_SES for one of its own.
        public_key: the given one's, as it must stand in DNS.
        verified: whether mail may come from it; None: as soon as its DKIM record is found.
        looks: how often SES was told to begin to look for the DKIM record.
    """

    origin: str = "AWS_SES"
    tokens: list[str] = field(default_factory=lambda: ["aaaa", "bbbb", "cccc"])
    public_key: str | None = None
    dkim: str = "PENDING"
    verified: bool | None = None
    looks: int = 1
    mail_from: str | None = None
    mail_from_status: str = "PENDING"
    configuration_set: str | None = None

    def describe(self) -> dict[str, Any]:
        mail_from: dict[str, Any] = {"BehaviorOnMxFailure": "USE_DEFAULT_VALUE"}
        if self.mail_from is not None:
            mail_from |= {"MailFromDomain": self.mail_from, "MailFromDomainStatus": self.mail_from_status}
        return {
            "IdentityType": "DOMAIN",
            "FeedbackForwardingStatus": True,
            "VerifiedForSendingStatus": self.dkim == "SUCCESS" if self.verified is None else self.verified,
            "VerificationStatus": self.dkim,
            "DkimAttributes": self.describe_dkim(),
            "MailFromAttributes": mail_from,
            "Policies": {},
            "Tags": [],
            "ConfigurationSetName": self.configuration_set,
        }

    def describe_dkim(self) -> dict[str, Any]:
        return {
            "SigningEnabled": True,
            "Status": self.dkim,
            "Tokens": self.tokens,
            "SigningAttributesOrigin": self.origin,
        }

    def sign_with(self, attributes: dict[str, Any]) -> None:
        """Raises FaultError for what is no selector with an RSA key."""
        selector = attributes.get("DomainSigningSelector", "")
        if not _SELECTOR.fullmatch(selector):
            raise FaultError(400, "BadRequestException", "The selector is not valid.")
        self.public_key = _public_half(attributes.get("DomainSigningPrivateKey", ""))
        self.origin, self.tokens, self.dkim = "EXTERNAL", [selector], "PENDING"


class Identities:
    """Answers the calls about identities and suppressed addresses.

    Attributes:
        kept: by name.
        suppressed: addresses on the account's list.
    """

    def __init__(self, configuration_sets: set[str]) -> None:
        self.kept: dict[str, KeptIdentity] = {}
        self.suppressed: set[str] = set()
        self._configuration_sets = configuration_sets

    def route(self, method: str, path: str) -> Callable[[dict[str, Any]], dict[str, Any]] | None:
        """What answers a request; None: it is about something else."""
        if path.startswith(f"{SUPPRESSED_PATH}/") and method == "DELETE":
            return lambda _: self._unsuppress(unquote(path.removeprefix(f"{SUPPRESSED_PATH}/")))
        if (method, path) == ("POST", IDENTITIES_PATH):
            return self._create
        if found := _IDENTITY.fullmatch(path):
            name = unquote(found["name"])
            return {
                ("GET", None): lambda _: self._get(name).describe(),
                ("DELETE", None): lambda _: self._delete(name),
                ("PUT", "/mail-from"): lambda body: self._set_mail_from(name, body),
                ("PUT", "/dkim/signing"): lambda body: self._set_signing(name, body),
            }.get((method, found["rest"]))
        return None

    def _get(self, name: str) -> KeptIdentity:
        if name not in self.kept:
            raise FaultError(404, "NotFoundException", f"Email identity {name} does not exist.")
        return self.kept[name]

    def _create(self, body: dict[str, Any]) -> dict[str, Any]:
        name = body["EmailIdentity"]
        if name in self.kept:
            raise FaultError(400, "AlreadyExistsException", f"Email identity {name} already exist.")
        chosen = body.get("ConfigurationSetName")
        if chosen is not None and chosen not in self._configuration_sets:
            raise FaultError(404, "NotFoundException", f"Configuration set <{chosen}> does not exist.")
        made = KeptIdentity(configuration_set=chosen)
        if "DkimSigningAttributes" in body:
            made.sign_with(body["DkimSigningAttributes"])
        self.kept[name] = made
        return {
            "IdentityType": "DOMAIN",
            "VerifiedForSendingStatus": False,
            "DkimAttributes": made.describe_dkim(),
        }

    def _delete(self, name: str) -> dict[str, Any]:
        self._get(name)
        del self.kept[name]
        return {}

    def _set_mail_from(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        identity, domain = self._get(name), body.get("MailFromDomain", "")
        if not domain.endswith(f".{name}") or body.get("BehaviorOnMxFailure") not in _BEHAVIOURS:
            raise FaultError(400, "BadRequestException", "Provided MAIL-FROM domain is not a subdomain of the domain.")
        identity.mail_from, identity.mail_from_status = domain, "PENDING"
        return {}

    def _set_signing(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        identity = self._get(name)
        if body.get("SigningAttributesOrigin") != "EXTERNAL":
            raise FaultError(400, "BadRequestException", "Only EXTERNAL is known here.")
        identity.sign_with(body["SigningAttributes"])
        identity.looks += 1
        return {"DkimStatus": identity.dkim, "DkimTokens": identity.tokens}

    def _unsuppress(self, address: str) -> dict[str, Any]:
        if address not in self.suppressed:
            raise FaultError(404, "NotFoundException", "Email address is not on the suppression list.")
        self.suppressed.remove(address)
        return {}


def _public_half(private_key: str) -> str:
    try:
        key = load_der_private_key(base64.b64decode(private_key, validate=True), password=None)
    except ValueError:
        key = None
    if not isinstance(key, RSAPrivateKey) or key.key_size not in {1024, 2048}:
        raise FaultError(400, "BadRequestException", "The private key is no RSA key of 1024 or 2048 bits.")
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()
