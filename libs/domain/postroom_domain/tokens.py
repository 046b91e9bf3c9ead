"""API keys as clients hold them, and what is kept of them."""

import hashlib
import secrets

DEVELOPMENT_KEY = "re_dev_postroom"
"""The fixed key of the embedded default: valid only where mail goes nowhere but into the inbox."""


def new_token() -> str:
    """A key with 256 random bits. Some clients insist that keys begin with ``re_``."""
    return f"re_{secrets.token_urlsafe(32)}"


def hash_token(token: str) -> bytes:
    """SHA-256: the token is random, so nothing slower would protect it better."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
