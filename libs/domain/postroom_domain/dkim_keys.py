"""DKIM key pairs of our own (SES calls it BYODKIM), so that their TXT record can be answered at once."""

import base64
import secrets
from dataclasses import dataclass, field

_BITS = 2048  # the most that SES takes


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A key pair and its name in DNS.

    Attributes:
        selector: not to be guessed, so that a record which an earlier owner of the name left behind verifies nothing.
        public_key: SubjectPublicKeyInfo in base64, the ``p=`` of the TXT record (RFC 6376, 3.6.1).
        private_key: PKCS #1 in base64 without line breaks, which is how SES wants it.
    """

    selector: str
    public_key: str
    private_key: bytes = field(repr=False)


def make_dkim_key() -> DkimKey:
    """A new key pair: some 50 milliseconds of work."""
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - loaded where a key is made only
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - likewise
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return DkimKey(
        selector=f"postroom{secrets.token_hex(4)}",
        public_key=base64.b64encode(public).decode(),
        private_key=base64.b64encode(private),
    )
