"""The spans of an email that is due later, from its client's request to its webhook."""

CLIENT = ""
"""Stands for the span of whoever asked."""
PARENTS = {
    "POST /emails": CLIENT,
    "commit email": "POST /emails",
    "email.queued": "commit email",
    "deliver email": "commit email",
    "claim email": "deliver email",
    "render email": "deliver email",
    "call provider": "deliver email",
    "write outcome": "deliver email",
    "post webhook": "commit email",
}
"""Who is whose child, by name."""
