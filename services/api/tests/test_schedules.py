from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from postroom_api_testing.refusals import expect_refusal
from postroom_api_testing.running import MAIL, TERMS, RunningApi
from postroom_database.models import Schedule
from postroom_database.repositories import due_schedules
from postroom_database.repositories.due_schedules import SlotNote
from postroom_domain.catch_up import Outcome
from postroom_domain.timetables import Slot

SCHEDULE = {"name": "Weekly", "cron": "0 9 * * MON", "timezone": "Europe/Berlin", "email": MAIL}
TEMPLATE = {
    "name": "Report",
    "alias": "report",
    "from": "Shop <shop@example.com>",
    "subject": "Hello {{{NAME}}}",
    "html": "<p>{{{NAME}}}</p>",
    "variables": [{"key": "NAME", "type": "string"}],
}
USE: dict[str, Any] = {"to": "team@example.com", "template": {"id": "report", "variables": {"NAME": "you"}}}
FIVE = "It must have five fields: minute, hour, day of month, month and day of week, such as `30 9 * * MON-FRI`."
ZONE = "It must be the name of an IANA time zone, such as `Europe/Berlin` or `UTC`."


def make(api: RunningApi, **changes: Any) -> str:
    answer = api.request("POST", "/schedules", SCHEDULE | changes)
    assert answer.status == 201, answer
    assert answer.json() == {"object": "schedule", "id": answer.json()["id"]}
    made: str = answer.json()["id"]
    return made


def read(api: RunningApi, schedule_id: str) -> dict[str, Any]:
    answer = api.request("GET", f"/schedules/{schedule_id}")
    assert answer.status == 200, answer
    shown: dict[str, Any] = answer.json()
    return shown


def act(api: RunningApi, method: str, path: str, body: Any = None) -> None:
    answer = api.request(method, path, body)
    assert answer.status == 200, answer


def count(api: RunningApi) -> int:
    with api.database.read() as connection:
        return connection.execute(select(func.count()).select_from(Schedule)).scalar_one()


def test_a_schedule_is_stored_and_shown(api: RunningApi) -> None:
    made = make(api, cron="  30 2 * * *  ", email=MAIL | {"cc": ["c@example.com"], "headers": {"X-A": "b"}})
    shown = read(api, made)
    assert shown["email"] == {
        "from": MAIL["from"],
        "to": ["to@example.com"],
        "cc": ["c@example.com"],
        "subject": "Hello",
        "html": "<p>Hi</p>",
        "text": "Hi",
        "headers": {"X-A": "b"},
    }
    assert {name: shown[name] for name in ("object", "name", "cron", "timezone", "status", "reason")} == {
        "object": "schedule",
        "name": "Weekly",
        "cron": "30 2 * * *",
        "timezone": "Europe/Berlin",
        "status": "active",
        "reason": None,
    }
    assert (shown["catch_up"], shown["catch_up_limit"], shown["starts_at"], shown["ends_at"]) == (
        "latest",
        10,
        None,
        None,
    )
    assert shown["next_slot"].endswith("T02:30")
    assert datetime.fromisoformat(shown["next_at"]) > datetime.now(UTC)
    with api.database.read() as connection:
        row = connection.execute(select(Schedule.__table__).where(Schedule.id == UUID(made))).one()
    [key] = api.request("GET", "/api-keys").json()["data"]
    assert (row.workspace_id, str(row.key_id)) == (api.workspace_id, key["id"])


def test_schedules_are_listed_newest_first_without_their_emails(api: RunningApi) -> None:
    ids = [make(api) for _ in range(3)]
    page = api.request("GET", "/schedules?limit=2").json()
    assert ([one["id"] for one in page["data"]], page["has_more"]) == (ids[:0:-1], True)
    assert "email" not in page["data"][0]
    rest = api.request("GET", f"/schedules?after={page['data'][-1]['id']}").json()
    assert ([one["id"] for one in rest["data"]], rest["has_more"]) == (ids[:1], False)


def test_a_template_is_kept_by_its_name(api: RunningApi) -> None:
    template_id = api.request("POST", "/templates", TEMPLATE).json()["id"]
    use = {"email": USE}
    refused = api.request("POST", "/schedules", SCHEDULE | use)
    assert expect_refusal(refused, 422, "validation_error").startswith("The email: ")
    act(api, "POST", f"/templates/{template_id}/publish")
    shown = read(api, make(api, **use))
    assert shown["email"] == {"to": ["team@example.com"], "template": USE["template"]}
    own = USE | {"from": "own@example.com", "subject": "Own", "reply_to": "reply@example.com"}
    assert read(api, make(api, email=own))["email"] == own | {"to": [own["to"]], "reply_to": ["reply@example.com"]}


EARLY = {"starts_at": "2026-05-02T00:00:00Z", "ends_at": "2026-05-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("changes", "name", "message"),
    [
        ({"name": None}, "missing_required_field", "Missing `name` field."),
        ({"cron": None}, "missing_required_field", "Missing `cron` field."),
        ({"timezone": ""}, "missing_required_field", "Missing `timezone` field."),
        ({"email": None}, "missing_required_field", "Missing `email` field."),
        ({"cron": "nonsense"}, "validation_error", f"Invalid `cron` field. {FIVE}"),
        ({"cron": "61 * * * *"}, "validation_error", f"Invalid `cron` field. The minute is wrong. {FIVE}"),
        (
            {"cron": "0 0 30 2 *"},
            "validation_error",
            "Invalid `cron` field. It never fires: no such day is in these months.",
        ),
        ({"timezone": "Europe/Atlantis"}, "validation_error", f"Invalid `timezone` field. {ZONE}"),
        ({"timezone": "../../etc/passwd"}, "validation_error", f"Invalid `timezone` field. {ZONE}"),
        (
            {"name": "x" * 101},
            "validation_error",
            "Invalid `name` field. It must be at most 100 characters, without control characters.",
        ),
        (
            {"starts_at": "tomorrow"},
            "validation_error",
            "Invalid `starts_at` field. It must be an ISO 8601 date and time, such as `2026-11-24T09:00:00Z`.",
        ),
        (
            {"ends_at": "9999-12-31T23:59:59Z"},
            "validation_error",
            "Invalid `ends_at` field. It must lie between 1970 and 2200.",
        ),
        (EARLY, "validation_error", "Invalid `ends_at` field. It lies before `starts_at`."),
        (
            {"ends_at": "2020-01-01T00:00:00Z"},
            "validation_error",
            "Invalid `ends_at` field. No slot is left before it.",
        ),
        (
            {"catch_up": "some"},
            "validation_error",
            "Invalid `catch_up` field. It must be `none`, `latest` or `all`.",
        ),
        (
            {"catch_up_limit": 101},
            "validation_error",
            "Invalid `catch_up_limit` field. It must be a number between 1 and 100.",
        ),
        ({"email": "nobody"}, "validation_error", "Invalid `email` field. Expected `object | null`, got `str`."),
        ({"email": MAIL | {"to": None}}, "missing_required_field", "Missing `email.to` field."),
        ({"email": MAIL | {"subject": None}}, "missing_required_field", "Missing `email.subject` field."),
        (
            {"email": MAIL | {"html": "", "text": ""}},
            "validation_error",
            "The email: Missing `html` or `text` field.",
        ),
        (
            {"email": MAIL | {"scheduled_at": "in 1 hour"}},
            "validation_error",
            "Invalid `email.scheduled_at` field. The schedule says when it is sent.",
        ),
        (
            {"email": MAIL | {"attachments": [{"filename": "a", "content": "YQ=="}]}},
            "validation_error",
            "Invalid `email.attachments` field. A schedule cannot carry attachments.",
        ),
        (
            {"email": USE | {"template": {"id": "unknown"}}},
            "validation_error",
            "Invalid `email.template.id` field. There is no such template.",
        ),
    ],
)
def test_what_is_wrong_is_named_when_made_and_when_changed(
    shared_api: RunningApi, changes: dict[str, Any], name: str, message: str
) -> None:
    before = count(shared_api)
    answer = shared_api.request("POST", "/schedules", SCHEDULE | changes)
    assert expect_refusal(answer, 422, name) == message
    assert count(shared_api) == before
    if changes.get("ends_at") == "2020-01-01T00:00:00Z":  # such a change ends it
        return
    made = make(shared_api)
    stored = read(shared_api, made)
    answer = shared_api.request("PATCH", f"/schedules/{made}", changes)
    assert expect_refusal(answer, 422, name) == message
    assert read(shared_api, made) == stored


def test_an_address_is_named_where_it_stands(shared_api: RunningApi) -> None:
    answer = shared_api.request("POST", "/schedules", SCHEDULE | {"email": MAIL | {"to": "nobody"}})
    assert expect_refusal(answer, 422, "validation_error").startswith("Invalid `email.to` field.")


def test_a_body_is_bounded(shared_api: RunningApi) -> None:
    large = MAIL | {"html": "x" * 1_100_000}
    answer = shared_api.request("POST", "/schedules", SCHEDULE | {"email": large})
    assert "larger than 1 MB" in expect_refusal(answer, 413, "validation_error")


def test_the_senders_domain_is_checked(mariadb_url: str, redis_url: str) -> None:
    with RunningApi(mariadb_url, redis_url, terms=replace(TERMS, verified_only=True)) as api:
        answer = api.request("POST", "/schedules", SCHEDULE)
        assert "is not verified" in expect_refusal(answer, 403, "validation_error")
        assert count(api) == 0


def test_a_sending_key_may_not(shared_api: RunningApi) -> None:
    key = shared_api.request("POST", "/api-keys", {"name": "k", "permission": "sending_access"}).json()["token"]
    for method, path in (("POST", "/schedules"), ("GET", "/schedules"), ("POST", "/schedules/preview")):
        answer = shared_api.request(method, path, SCHEDULE, token=key)
        expect_refusal(answer, 401, "restricted_api_key")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/pause"),
        ("POST", "/resume"),
        ("GET", "/slots"),
        ("GET", "/preview"),
    ],
)
def test_an_unknown_schedule_and_a_wrong_id(shared_api: RunningApi, method: str, path: str) -> None:
    answer = shared_api.request(method, f"/schedules/{uuid4()}{path}", {})
    assert expect_refusal(answer, 404, "not_found") == "Schedule not found."
    expect_refusal(shared_api.request(method, f"/schedules/nothing{path}", {}), 422, "invalid_parameter")


def test_a_change_of_the_timing_counts_from_now_on_and_leaves_the_rest(api: RunningApi) -> None:
    made = make(api, catch_up="all", catch_up_limit=3)
    before = read(api, made)
    act(api, "PATCH", f"/schedules/{made}", {"cron": "30 8 * * *", "timezone": "UTC"})
    after = read(api, made)
    assert after["next_slot"].endswith("T08:30")
    assert datetime.fromisoformat(after["next_at"]) > datetime.now(UTC)
    changed = {"cron", "timezone", "next_slot", "next_at", "updated_at"}
    assert {name for name in after if after[name] != before[name]} == changed
    act(api, "PATCH", f"/schedules/{made}", {"name": "Daily", "email": MAIL | {"subject": "Other"}})
    last = read(api, made)
    assert (last["name"], last["email"]["subject"], last["next_at"]) == ("Daily", "Other", after["next_at"])


def test_an_end_before_the_next_slot_ends_it_and_a_later_one_revives_it(api: RunningApi) -> None:
    made = make(api)
    act(api, "PATCH", f"/schedules/{made}", {"ends_at": "2020-01-01T00:00:00Z"})
    assert (read(api, made)["status"], read(api, made)["next_at"]) == ("ended", None)
    for action in ("pause", "resume"):
        act(api, "POST", f"/schedules/{made}/{action}")
        assert read(api, made)["status"] == "ended"
    act(api, "PATCH", f"/schedules/{made}", {"ends_at": None})
    assert read(api, made)["status"] == "active"


def test_a_start_in_the_future_is_waited_for(api: RunningApi) -> None:
    start = (datetime.now(UTC) + timedelta(days=400)).replace(microsecond=0)
    shown = read(api, make(api, starts_at=start.isoformat(), cron="* * * * *"))
    assert timedelta() <= datetime.fromisoformat(shown["next_at"]) - start <= timedelta(minutes=1)


def test_what_is_paused_has_no_next_slot_until_it_is_resumed(api: RunningApi) -> None:
    made = make(api, cron="* * * * *")
    act(api, "POST", f"/schedules/{made}/pause")
    paused = read(api, made)
    assert (paused["status"], paused["next_slot"], paused["next_at"]) == ("paused", None, None)
    act(api, "PATCH", f"/schedules/{made}", {"timezone": "UTC"})
    assert read(api, made)["status"] == "paused"
    act(api, "POST", f"/schedules/{made}/resume")
    resumed = read(api, made)
    assert resumed["status"] == "active"
    # Nothing that was due meanwhile: the next minute, by the database's clock.
    assert datetime.fromisoformat(resumed["next_at"]) > datetime.fromisoformat(resumed["updated_at"])


def test_a_removed_schedule_is_gone_and_fires_no_more(api: RunningApi) -> None:
    made = make(api)
    answer = api.request("DELETE", f"/schedules/{made}")
    assert (answer.status, answer.json()) == (200, {"object": "schedule", "id": made, "deleted": True})
    expect_refusal(api.request("GET", f"/schedules/{made}"), 404, "not_found")
    expect_refusal(api.request("DELETE", f"/schedules/{made}"), 404, "not_found")
    assert api.request("GET", "/schedules").json()["data"] == []
    with api.database.read() as connection:
        assert connection.execute(select(Schedule.next_at)).scalars().all() == [None]


def test_slots_are_listed_by_page(api: RunningApi) -> None:
    made = make(api)
    at = [datetime(2026, 10, 25, hour, tzinfo=UTC) for hour in range(3)]
    texts = ["2026-10-25T02:00", "2026-10-25T02:00/2", "2026-10-25T03:00"]
    email_id = uuid4()
    notes = [
        SlotNote(Slot(texts[0], at[0]), Outcome.SKIPPED, reason="missed"),
        SlotNote(Slot(texts[1], at[1]), Outcome.FAILED, reason="gone"),
        SlotNote(Slot(texts[2], at[2]), Outcome.FIRED, email_id),
    ]
    with api.database.begin() as connection:
        due_schedules.note(connection, UUID(made), notes)
    page = api.request("GET", f"/schedules/{made}/slots?limit=2").json()
    assert ([one["slot"] for one in page["data"]], page["has_more"]) == (texts[:0:-1], True)
    newest, older = page["data"]
    assert (newest["outcome"], newest["email_id"], newest["at"]) == (
        "fired",
        str(email_id),
        at[2].isoformat("T", "microseconds"),
    )
    assert (older["outcome"], older["reason"], older["email_id"]) == ("failed", "gone", None)
    rest = api.request("GET", f"/schedules/{made}/slots?after={texts[1]}").json()
    assert ([one["slot"] for one in rest["data"]], rest["has_more"]) == (texts[:1], False)
    back = api.request("GET", f"/schedules/{made}/slots?before={texts[0]}&limit=1").json()
    assert ([one["slot"] for one in back["data"]], back["has_more"]) == ([texts[1]], True)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "after=1", "before=2026", "after=2026-10-25T02:00&before=2026-10-25T02:00"]
)
def test_a_wrong_page_of_slots_is_refused(shared_api: RunningApi, query: str) -> None:
    expect_refusal(shared_api.request("GET", f"/schedules/{make(shared_api)}/slots?{query}"), 422, "validation_error")


def test_coming_slots_can_be_seen_before_and_after_it_is_made(api: RunningApi) -> None:
    timing = {"cron": "30 2 * * *", "timezone": "Europe/Berlin", "starts_at": "2030-03-30T00:00:00Z"}
    answer = api.request("POST", "/schedules/preview", timing | {"count": 3})
    expected = {
        "object": "schedule_preview",
        "data": [
            {"slot": "2030-03-30T02:30", "at": "2030-03-30T01:30:00.000000+00:00"},
            {"slot": "2030-03-31T02:30", "at": "2030-03-31T01:00:00.000000+00:00"},
            {"slot": "2030-04-01T02:30", "at": "2030-04-01T00:30:00.000000+00:00"},
        ],
    }
    assert (answer.status, answer.json()) == (200, expected)
    assert count(api) == 0
    made = make(api, **timing)
    act(api, "POST", f"/schedules/{made}/pause")
    assert api.request("GET", f"/schedules/{made}/preview?count=3").json() == expected
    assert len(api.request("GET", f"/schedules/{made}/preview").json()["data"]) == 5


def test_a_preview_stops_at_the_end(api: RunningApi) -> None:
    timing = {"cron": "0 12 29 2 *", "timezone": "UTC", "ends_at": "2033-01-01T00:00:00Z", "count": 100}
    found = api.request("POST", "/schedules/preview", timing).json()["data"]
    assert [one["slot"] for one in found] == ["2028-02-29T12:00", "2032-02-29T12:00"]


@pytest.mark.parametrize("wrong", [0, 101, -1])
def test_a_preview_is_bounded(shared_api: RunningApi, wrong: int) -> None:
    asked = {"cron": "* * * * *", "timezone": "UTC", "count": wrong}
    message = "Invalid `count` field. It must be a number between 1 and 100."
    assert expect_refusal(shared_api.request("POST", "/schedules/preview", asked), 422, "validation_error") == message
    answer = shared_api.request("GET", f"/schedules/{make(shared_api)}/preview?count={wrong}")
    assert expect_refusal(answer, 422, "validation_error") == message


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"timezone": "UTC"}, "Missing `cron` field."),
        ({"cron": "* * * * *"}, "Missing `timezone` field."),
        (
            {"cron": "0 0 31 2 *", "timezone": "UTC"},
            "Invalid `cron` field. It never fires: no such day is in these months.",
        ),
    ],
)
def test_a_preview_names_what_is_wrong(shared_api: RunningApi, asked: dict[str, str], message: str) -> None:
    answer = shared_api.request("POST", "/schedules/preview", asked)
    assert (answer.status, answer.json()["message"]) == (422, message)
