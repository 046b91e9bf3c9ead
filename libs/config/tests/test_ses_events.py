import pytest

from postroom_config.errors import ConfigError
from postroom_config.load import load
from postroom_config.ses_events import SesEventSettings
from postroom_config.settings import Settings

ARN = "arn:aws:sns:eu-west-1:123456789012:h4dden"
CHINA = "arn:aws-cn:sns:cn-north-1:123456789012:t"


class Events(Settings):
    events: SesEventSettings


def complaint(environ: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as caught:
        load(Events, environ)
    [problem] = caught.value.problems
    return f"{problem.variable}: {problem.complaint}"


def test_topics_are_served_by_their_regions_or_by_one_that_is_named() -> None:
    assert load(Events, {}).events.topics == ()
    several = load(Events, {"POSTROOM_SES_TOPICS": f"{ARN}, {CHINA}"}).events.topics
    assert [(topic.arn, topic.origin) for topic in several] == [
        (ARN, "https://sns.eu-west-1.amazonaws.com"),
        (CHINA, "https://sns.cn-north-1.amazonaws.com.cn"),
    ]
    named = {"POSTROOM_SES_TOPICS": ARN, "POSTROOM_SNS_ORIGIN": "https://sns.example:8443/"}
    [topic] = load(Events, named).events.topics
    assert topic.origin == "https://sns.example:8443"


@pytest.mark.parametrize(
    ("topics", "place"),
    [("h4dden", 1), (f"{ARN},", 2), (f"{ARN},{ARN}.fifo", 2), (ARN.replace("sns", "sqs"), 1), (f"{ARN}:0a", 1)],
)
def test_what_is_no_topic_is_named_by_its_place(topics: str, place: int) -> None:
    found = complaint({"POSTROOM_SES_TOPICS": topics})
    assert found.startswith(f"POSTROOM_SES_TOPICS: malformed: entry {place} of the list is not the ARN of a topic")
    assert "h4dden" not in found


@pytest.mark.parametrize(
    ("origin", "reason"),
    [
        ("http://h4dden", "it must begin with one of: https"),
        ("h4dden", "it must begin with one of: https"),
        ("https://", "it names no host"),
        ("https://u:h4dden@sns.example", "it holds a user, a path or a query"),
        ("https://sns.example/h4dden", "it holds a user, a path or a query"),
        ("https://sns.example?h4dden", "it holds a user, a path or a query"),
        ("https://sns.example#h4dden", "it holds a #"),
        ("https://sns.example:99999", "it cannot be taken apart"),
    ],
)
def test_what_is_no_origin_is_refused(origin: str, reason: str) -> None:
    found = complaint({"POSTROOM_SNS_ORIGIN": origin})
    assert found.startswith(f"POSTROOM_SNS_ORIGIN: malformed: {reason}")
    assert "h4dden" not in found
