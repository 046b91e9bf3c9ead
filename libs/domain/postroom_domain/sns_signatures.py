"""Whether Amazon SNS signed a message.

Source: AWS, "Verifying the signatures of Amazon SNS messages".
"""

import base64
from collections.abc import Mapping
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from postroom_domain.errors import ForgedMessage, InvalidCertificate

_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
_HASHES = {"1": SHA1(), "2": SHA256()}  # noqa: S303 - what AWS signs with by default
_MAY_HOLD_BREAKS = "Message"


class SigningCertificate:
    """A certificate of SNS. That it is one, the connection that it came by must prove.

    Args:
        pem: as it is served.

    Raises:
        InvalidCertificate: it is no X.509 certificate with an RSA key.
    """

    def __init__(self, pem: bytes) -> None:
        try:
            certificate = x509.load_pem_x509_certificate(pem)
            key = certificate.public_key()
        except (ValueError, UnsupportedAlgorithm):
            raise InvalidCertificate("It is no X.509 certificate in PEM.") from None
        if not isinstance(key, RSAPublicKey):
            raise InvalidCertificate("Its key is not RSA.")
        self._key = key
        self._not_before = certificate.not_valid_before_utc
        self._not_after = certificate.not_valid_after_utc

    def check(self, fields: Mapping[str, str | None], *, version: str, signature: str, now: datetime) -> None:
        """Check that a message was signed with this certificate.

        Args:
            fields: of the message, under the names that they have in its JSON.
            version: its ``SignatureVersion``: 1 is SHA-1, 2 is SHA-256.
            signature: its ``Signature``, in base64.
            now: aware; when the certificate must be valid.

        Raises:
            ForgedMessage: it was not.
        """
        if not self._not_before <= now <= self._not_after:
            raise ForgedMessage("Its certificate is not valid now.")
        algorithm = _HASHES.get(version)
        if algorithm is None:
            raise ForgedMessage("Its SignatureVersion is neither 1 nor 2.")
        try:
            self._key.verify(base64.b64decode(signature, validate=True), string_to_sign(fields), PKCS1v15(), algorithm)
        except (InvalidSignature, ValueError):  # the latter: no base64
            raise ForgedMessage("Its signature does not fit.") from None


def string_to_sign(fields: Mapping[str, str | None]) -> bytes:
    """The names and values that a signature covers, each on a line of its own.

    Only the message itself may hold line breaks. Otherwise one signature would fit several messages: a line could be
    moved from one field into the next, and a message that was taken already would come with a new id.

    Raises:
        ForgedMessage: a field is missing, or can be read in two ways.
    """
    lines: list[str] = []
    for name in _SIGNED.get(fields["Type"] or "", ()):
        value = fields.get(name)
        if value is None and name == "Subject":
            continue
        if value is None or (name != _MAY_HOLD_BREAKS and "\n" in value):
            raise ForgedMessage(f"Its {name} is missing or holds a line break.")
        lines += (name, value)
    if not lines:
        raise ForgedMessage("Its Type is not one that is signed.")
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")
