"""Limits of a request, whatever it asks for."""

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Above the largest message in base64 with all that JSON adds around it."""

MAX_TEMPLATE_BODY_BYTES = 8 * 1024 * 1024
"""Above the largest template with every character escaped."""

MAX_SMALL_BODY_BYTES = 1024 * 1024
"""Of requests that hold names, addresses and ids: reading more would keep everybody else waiting."""

MEGABYTE = 1024 * 1024
