from typing import Annotated, Self

from pydantic import Field, model_validator

from postroom_config.numbers import Whole
from postroom_config.settings import Block
from postroom_config.variable import Variable

_CENTURY = 36_500


class RetentionSettings(Block):
    """When records are forgotten. Mail that is still to be sent never is."""

    bodies_days: Annotated[
        Whole,
        Field(ge=0, le=_CENTURY),
        Variable(
            "POSTROOM_KEEP_BODIES_DAYS",
            about="So long after an email ended its text, HTML and attachments are kept. 0: forever.",
        ),
    ] = 30
    emails_days: Annotated[
        Whole,
        Field(ge=0, le=_CENTURY),
        Variable(
            "POSTROOM_KEEP_EMAILS_DAYS",
            about="So long after it ended an email is kept, with its recipients, events and webhook deliveries, and"
            " what the provider told of emails that are not known. No shorter than bodies. 0: forever.",
        ),
    ] = 90
    audit_days: Annotated[
        Whole,
        Field(ge=0, le=_CENTURY),
        Variable("POSTROOM_KEEP_AUDIT_DAYS", about="So long entries of the audit are kept. 0: forever."),
    ] = 400

    @model_validator(mode="after")
    def _bodies_go_first(self) -> Self:
        if self.emails_days and not 0 < self.bodies_days <= self.emails_days:
            raise ValueError(
                "POSTROOM_KEEP_EMAILS_DAYS is shorter than POSTROOM_KEEP_BODIES_DAYS: bodies end with their email"
            )
        return self
