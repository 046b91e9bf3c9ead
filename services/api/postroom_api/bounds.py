"""Limits of a request, whatever it asks for."""

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Above the largest message in base64 with all that JSON adds around it."""
