"""Limits of a request, whatever it asks for."""

MEGABYTE = 1024 * 1024

MAX_BODY_BYTES = 64 * MEGABYTE
"""Above the largest message in base64 with all that JSON adds around it."""

MAX_TEMPLATE_BODY_BYTES = 8 * MEGABYTE
"""Above the largest template with every character escaped."""

MAX_SMALL_BODY_BYTES = MEGABYTE
"""Of requests that hold names, addresses and ids: reading more would keep everybody else waiting."""
