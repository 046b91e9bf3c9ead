"""Every model, so that one import knows the whole schema."""

from postroom_database.models.api_key import ApiKey
from postroom_database.models.audit_entry import AuditEntry
from postroom_database.models.base import Base
from postroom_database.models.content import Attachment, ContentChunk
from postroom_database.models.domain import Domain
from postroom_database.models.email import Email
from postroom_database.models.event import Event
from postroom_database.models.idempotency import IdempotencyKey
from postroom_database.models.inbox import InboxChunk, InboxMessage
from postroom_database.models.provider_job import ProviderJob
from postroom_database.models.provider_message import ProviderMessage
from postroom_database.models.provider_quota import ProviderQuota
from postroom_database.models.recipient import Recipient
from postroom_database.models.retention_mark import RetentionMark
from postroom_database.models.schedule import Schedule, ScheduleSlot
from postroom_database.models.served_release import ServedRelease
from postroom_database.models.suppression import Suppression
from postroom_database.models.template import Template, TemplateVersion
from postroom_database.models.webhook import Webhook, WebhookAttempt, WebhookDelivery
from postroom_database.models.workspace import Workspace

__all__ = [
    "ApiKey",
    "Attachment",
    "AuditEntry",
    "Base",
    "ContentChunk",
    "Domain",
    "Email",
    "Event",
    "IdempotencyKey",
    "InboxChunk",
    "InboxMessage",
    "ProviderJob",
    "ProviderMessage",
    "ProviderQuota",
    "Recipient",
    "RetentionMark",
    "Schedule",
    "ScheduleSlot",
    "ServedRelease",
    "Suppression",
    "Template",
    "TemplateVersion",
    "Webhook",
    "WebhookAttempt",
    "WebhookDelivery",
    "Workspace",
]
