"""Resend's endpoints, from its SDKs and its OpenAPI document (spec 1.5.0, August 2026)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """Endpoints that belong together, as ``METHOD /path`` with ids in braces."""

    name: str
    endpoints: tuple[str, ...]


def _group(name: str, *endpoints: str) -> Group:
    return Group(name, endpoints)


def _resource(path: str, *methods: str) -> tuple[str, ...]:
    """The usual endpoints of one resource."""
    usual = {
        "create": f"POST {path}",
        "list": f"GET {path}",
        "get": f"GET {path}/{{id}}",
        "update": f"PATCH {path}/{{id}}",
        "delete": f"DELETE {path}/{{id}}",
    }
    return tuple(usual[method] for method in methods or usual)


GROUPS = (
    _group(
        "Emails",
        "POST /emails",
        "POST /emails/batch",
        "GET /emails",
        "GET /emails/{id}",
        "PATCH /emails/{id}",
        "POST /emails/{id}/cancel",
        "GET /emails/{id}/attachments",
        "GET /emails/{id}/attachments/{attachment_id}",
    ),
    _group("API keys", *_resource("/api-keys", "create", "list", "update", "delete")),
    _group("Domains", *_resource("/domains"), "POST /domains/{id}/verify"),
    _group(
        "Webhooks",
        *_resource("/webhooks"),
        "POST /webhooks/{id}/signing-secret/rotate",
        "GET /webhooks/{id}/events",
        "GET /webhooks/{id}/events/{event_id}",
        "GET /webhooks/{id}/events/{event_id}/attempts",
        "POST /webhooks/{id}/events/{event_id}/replay",
    ),
    _group("Templates", *_resource("/templates"), "POST /templates/{id}/publish", "POST /templates/{id}/duplicate"),
    _group(
        "Suppressions",
        *_resource("/suppressions", "create", "list", "get", "delete"),
        "POST /suppressions/batch/add",
        "POST /suppressions/batch/remove",
    ),
    _group(
        "Contacts",
        *_resource("/contacts"),
        *_resource("/contacts/imports", "create", "list", "get"),
        "GET /contacts/{id}/segments",
        "POST /contacts/{id}/segments/{segment_id}",
        "DELETE /contacts/{id}/segments/{segment_id}",
        "GET /contacts/{id}/topics",
        "PATCH /contacts/{id}/topics",
    ),
    _group(
        "Audiences (legacy)",
        *_resource("/audiences", "create", "list", "get", "delete"),
        *_resource("/audiences/{audience_id}/contacts"),
    ),
    _group("Segments", *_resource("/segments"), "GET /segments/{id}/contacts"),
    _group("Topics", *_resource("/topics")),
    _group("Contact properties", *_resource("/contact-properties")),
    _group(
        "Broadcasts",
        *_resource("/broadcasts"),
        "POST /broadcasts/{id}/send",
        "POST /broadcasts/{id}/cancel",
        "POST /broadcasts/{id}/duplicate",
        "GET /broadcasts/{id}/recipients",
        "GET /broadcasts/{id}/clicked-links",
    ),
)
"""What the page shows endpoint by endpoint: tiers 1 and 2, and suppressions."""

OTHERS = (
    ("Received emails", "`/emails/receiving`, 4 endpoints"),
    ("Shared emails", "`POST /emails/{id}/share`"),
    ("Email metrics", "`GET /emails/metrics`"),
    ("Domain claims", "`/domains/claim`, 3 endpoints"),
    ("Logs", "`/logs`, 2 endpoints"),
    ("OAuth grants", "`/oauth/grants`, 2 endpoints"),
    ("Automations", "`/automations`, 9 endpoints"),
    ("Events", "`/events`, 6 endpoints"),
    ("Usage", "`/usage`, 1 endpoint"),
    ("Inboxes", "`/inboxes`, 29 endpoints"),
)
"""The other groups, and where they are. None of them is supported yet."""
