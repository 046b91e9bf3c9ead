"""What every refused request has in common."""

import json
from typing import Any

from sqlalchemy import func, select

from postroom_api_testing.exchange import Answer
from postroom_api_testing.running import RunningApi
from postroom_database.models import Email, IdempotencyKey


def rows(api: RunningApi) -> tuple[int, int]:
    """How many emails and idempotency keys are stored."""
    with api.database.read() as connection:
        emails = connection.execute(select(func.count()).select_from(Email)).scalar_one()
        keys = connection.execute(select(func.count()).select_from(IdempotencyKey)).scalar_one()
    return emails, keys


def expect_refusal(answer: Answer, status: int, name: str) -> str:
    """The message of an error that clients understand; raises AssertionError when the answer is another."""
    body: dict[str, Any] = json.loads(answer.body)
    message: str = body.get("message", "")
    wanted = {"statusCode": status, "name": name, "message": message}
    if not message or (answer.status, answer.headers["content-type"], body) != (status, "application/json", wanted):
        raise AssertionError(f"{answer} is not the refusal {status} {name}")
    return message
