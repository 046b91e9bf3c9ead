"""The way of SES's events: configuration set, topic, subscription, queue, alarms."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from postroom_terraform_testing.module import Applied, Module

SHAPES = Path(__file__).resolve().parents[3] / "libs/transport/postroom_transport/ses_event_shapes.py"

TOPIC = "arn:aws:sns:eu-west-1:123456789012:shop-events"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:shop-dead-letters"

PATIENCE_SECONDS = 3600
"""SNS refuses a policy of more (Amazon SNS, "Message delivery retries"); a deploy wants all of it."""
MOST_RETRIES = 100


def read_event_types() -> set[str]:
    """What Postroom reads, in the names that an event destination has for it."""
    for node in ast.parse(SHAPES.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "TYPES":
            return {name.upper() for name in ast.literal_eval(node.value).values()}
    raise LookupError("TYPES")


def event_types(applied: Applied) -> set[str]:
    destination = applied.resources["aws_sesv2_configuration_set_event_destination.events"]["event_destination"][0]
    return set(destination["matching_event_types"])


def find_impatience(applied: Applied) -> list[str]:
    """What SNS would refuse in the delivery policy, and what falls short of the longest that it takes."""
    policy = json.loads(applied.resources["aws_sns_topic_subscription.hook[0]"]["delivery_policy"])[
        "healthyRetryPolicy"
    ]
    phases = {name: policy[f"num{name}Retries"] for name in ("NoDelay", "MinDelay", "MaxDelay")}
    between = policy["numRetries"] - sum(phases.values())
    seconds = phases["MinDelay"] * policy["minDelayTarget"] + phases["MaxDelay"] * policy["maxDelayTarget"]
    problems = []
    if between != 0:
        problems.append(f"{between} retries have no phase")
    if policy["numRetries"] > MOST_RETRIES:
        problems.append(f"{policy['numRetries']} retries")
    if seconds != PATIENCE_SECONDS:
        problems.append(f"{seconds} seconds")
    return problems


def test_every_event_that_postroom_reads_is_published(applied: Applied) -> None:
    assert event_types(applied) == read_event_types()


def test_opens_and_clicks_are_left_out_unless_asked_for(plain: Applied) -> None:
    assert event_types(plain) == read_event_types() - {"OPEN", "CLICK"}


def test_an_event_type_that_is_missing_is_found(copy: Module) -> None:
    copy.replace("events.tf", '"REJECT", ', "")

    assert read_event_types() - event_types(copy.apply(track_opens_and_clicks=True)) == {"REJECT"}


def test_sns_goes_on_as_long_as_it_can(applied: Applied) -> None:
    assert find_impatience(applied) == []


@pytest.mark.parametrize(
    ("old", "new", "problems"),
    [
        ("maxDelayTarget     = 60", "maxDelayTarget     = 61", ["3659 seconds"]),
        ("numMinDelayRetries = 12", "numMinDelayRetries = 11", ["1 retries have no phase", "3595 seconds"]),
        ("numRetries         = 71", "numRetries         = 101", ["30 retries have no phase", "101 retries"]),
    ],
)
def test_a_policy_that_sns_would_refuse_is_found(old: str, new: str, problems: list[str], copy: Module) -> None:
    copy.replace("events.tf", old, new)

    assert find_impatience(copy.apply(public_url="https://mail.example.com")) == problems


def test_the_hook_is_subscribed_as_postroom_reads_it(applied: Applied) -> None:
    hook = applied.resources["aws_sns_topic_subscription.hook[0]"]

    assert (hook["topic_arn"], hook["protocol"]) == (TOPIC, "https")
    assert hook["endpoint"] == "https://mail.example.com/postroom/hooks/ses"
    assert hook["endpoint_auto_confirms"] is True
    assert hook["raw_message_delivery"] is False
    assert json.loads(hook["redrive_policy"]) == {"deadLetterTargetArn": QUEUE}


def test_nothing_is_subscribed_before_there_is_an_api(plain: Applied) -> None:
    assert plain.of_type("aws_sns_topic_subscription") == {}


def test_only_this_configuration_set_may_publish(applied: Applied) -> None:
    assert applied.resources["aws_sns_topic_policy.events"]["arn"] == TOPIC
    assert applied.statements("aws_sns_topic_policy.events") == [
        {
            "Sid": "OnlyThisConfigurationSet",
            "Effect": "Allow",
            "Principal": {"Service": "ses.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": TOPIC,
            "Condition": {
                "StringEquals": {"aws:SourceAccount": "123456789012"},
                "ArnEquals": {"aws:SourceArn": "arn:aws:ses:eu-west-1:123456789012:configuration-set/shop"},
            },
        }
    ]


def test_only_this_topic_may_fill_the_queue(applied: Applied) -> None:
    queue = applied.resources["aws_sqs_queue.dead_letters"]

    assert applied.resources["aws_sqs_queue_policy.dead_letters"]["queue_url"] == queue["url"]
    assert applied.statements("aws_sqs_queue_policy.dead_letters") == [
        {
            "Sid": "OnlyThisTopic",
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": QUEUE,
            "Condition": {"ArnEquals": {"aws:SourceArn": TOPIC}},
        }
    ]


def test_what_waits_is_encrypted_and_kept_for_two_weeks(applied: Applied) -> None:
    queue = applied.resources["aws_sqs_queue.dead_letters"]
    topic = applied.resources["aws_sns_topic.events"]

    assert (queue["sqs_managed_sse_enabled"], queue["message_retention_seconds"]) == (True, 1209600)
    assert topic["kms_master_key_id"] == "arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d"
    assert topic["signature_version"] == 2


def test_alarms_watch_how_many_wait_and_how_long(applied: Applied) -> None:
    alarms = {one["metric_name"]: one for one in applied.of_type("aws_cloudwatch_metric_alarm").values()}

    assert {name: _limit(one) for name, one in alarms.items()} == {
        "ApproximateNumberOfMessagesVisible": "Maximum GreaterThanThreshold 0",
        "ApproximateAgeOfOldestMessage": "Maximum GreaterThanThreshold 604800",
    }
    for alarm in alarms.values():
        assert alarm["namespace"] == "AWS/SQS"
        assert alarm["dimensions"] == {"QueueName": "shop-dead-letters"}
        assert alarm["treat_missing_data"] == "notBreaching"
        assert alarm["alarm_actions"] == alarm["ok_actions"] == ["arn:aws:sns:eu-west-1:123456789012:pagers"]


def _limit(alarm: dict[str, Any]) -> str:
    return f"{alarm['statistic']} {alarm['comparison_operator']} {alarm['threshold']}"


def test_tls_is_required_when_asked_for(applied: Applied, plain: Applied) -> None:
    def policy(applied: Applied) -> str:
        (set_,) = applied.of_type("aws_sesv2_configuration_set").values()
        return str(set_["delivery_options"][0]["tls_policy"])

    assert policy(applied) == "REQUIRE"
    assert policy(plain) == "OPTIONAL"
