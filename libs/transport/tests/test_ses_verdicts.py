from pathlib import Path

import boto3
import pytest

from postroom_transport.message import Verdict
from postroom_transport.ses_verdicts import ANSWERS, judge

PAGE = Path("docs/reference/transports.md")


def test_every_error_that_send_email_declares_is_in_the_table() -> None:
    client = boto3.session.Session().client("sesv2", region_name="eu-west-1")
    declared = {shape.name for shape in client.meta.service_model.operation_model("SendEmail").error_shapes}
    client.close()
    assert len(declared) >= 8
    assert declared <= ANSWERS.keys()


def test_the_page_shows_the_table() -> None:
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split("|"))
        for line in PAGE.read_text().splitlines()
        if line.startswith("| `")
    ]
    wanted = [(f"`{name}`", answer.verdict.value, answer.why, answer.source) for name, answer in ANSWERS.items()]
    assert [row for row in rows if len(row) == 4 and row[1] in {verdict.value for verdict in Verdict}] == wanted


@pytest.mark.parametrize(
    ("error", "status", "verdict"),
    [
        ("SomethingNew", 400, Verdict.PERMANENT),
        ("SomethingNew", 401, Verdict.PARKED),
        ("SomethingNew", 403, Verdict.PARKED),
        ("SomethingNew", 429, Verdict.PARKED),
        ("SomethingNew", 500, Verdict.TRANSIENT),
        ("SomethingNew", 503, Verdict.TRANSIENT),
        ("SomethingNew", 504, Verdict.UNKNOWN),
        ("SendingPausedException", 500, Verdict.PARKED),
    ],
)
def test_an_error_without_a_row_is_judged_by_its_status(error: str, status: int, verdict: Verdict) -> None:
    assert judge(error, status) is verdict
