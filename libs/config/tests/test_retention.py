import pytest

from postroom_config.errors import ConfigError
from postroom_config.load import load
from postroom_config.retention import RetentionSettings
from postroom_config.settings import Settings

BODIES, EMAILS = "POSTROOM_KEEP_BODIES_DAYS", "POSTROOM_KEEP_EMAILS_DAYS"


class Forgetting(Settings):
    retention: RetentionSettings


@pytest.mark.parametrize(
    ("environ", "days"),
    [
        ({}, (30, 90, 400)),
        ({BODIES: "0", EMAILS: "0", "POSTROOM_KEEP_AUDIT_DAYS": "0"}, (0, 0, 0)),
        ({EMAILS: "0"}, (30, 0, 400)),
        ({EMAILS: "30"}, (30, 30, 400)),
    ],
)
def test_days_and_defaults(environ: dict[str, str], days: tuple[int, int, int]) -> None:
    found = load(Forgetting, environ).retention
    assert (found.bodies_days, found.emails_days, found.audit_days) == days


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({BODIES: "91"}, [BODIES]),
        ({EMAILS: "29"}, [EMAILS]),
        ({BODIES: "0"}, [BODIES]),
        ({BODIES: "60", EMAILS: "59"}, [BODIES, EMAILS]),
    ],
)
def test_emails_are_never_kept_shorter_than_their_bodies(environ: dict[str, str], named: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load(Forgetting, environ)
    assert [problem.variable for problem in caught.value.problems] == named
    complaint = f"contradiction: {EMAILS} is shorter than {BODIES}: bodies end with their email"
    assert {problem.complaint for problem in caught.value.problems} == {complaint}


@pytest.mark.parametrize("text", ["-1", "1.5", "36501", "forever"])
def test_what_is_no_number_of_days_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(Forgetting, {EMAILS: text})
    [problem] = caught.value.problems
    assert problem.variable == EMAILS
    assert problem.complaint.endswith("expected a whole number from 0 to 36500")
