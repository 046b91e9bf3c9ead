"""The operator's own domain, with SES's keys or his own."""

from postroom_terraform_testing.module import Applied, Module

MAIL_FROM = [
    {
        "type": "MX",
        "name": "send.example.com",
        "priority": 10,
        "value": "feedback-smtp.eu-west-1.amazonses.com",
    },
    {"type": "TXT", "name": "send.example.com", "priority": None, "value": "v=spf1 include:amazonses.com ~all"},
]


def test_none_is_made_unless_it_is_named(plain: Applied) -> None:
    assert plain.of_type("aws_sesv2_email_identity") == {}
    assert plain.outputs["identity_records"] == []


def test_with_easy_dkim_the_records_follow_from_the_tokens_of_ses(applied: Applied) -> None:
    identity = applied.resources["aws_sesv2_email_identity.own[0]"]
    (keys,) = identity["dkim_signing_attributes"]
    (token,) = keys["tokens"]

    assert (identity["email_identity"], identity["configuration_set_name"]) == ("example.com", "shop")
    assert (keys["next_signing_key_length"], keys["domain_signing_selector"]) == ("RSA_2048_BIT", None)
    assert applied.outputs["identity_records"] == [
        {
            "type": "CNAME",
            "name": f"{token}._domainkey.example.com",
            "priority": None,
            "value": f"{token}.dkim.amazonses.com",
        },
        *MAIL_FROM,
    ]


def test_a_key_pair_from_outside_is_used(copy: Module) -> None:
    applied = copy.apply(
        identity={"domain": "example.com"}, identity_dkim={"selector": "one", "private_key": "MIIEvQ=="}
    )
    (keys,) = applied.resources["aws_sesv2_email_identity.own[0]"]["dkim_signing_attributes"]

    assert (keys["domain_signing_selector"], keys["domain_signing_private_key"]) == ("one", "MIIEvQ==")
    assert applied.outputs["identity_records"] == MAIL_FROM


def test_bounces_go_to_a_domain_of_its_own(copy: Module) -> None:
    applied = copy.apply(identity={"domain": "example.com", "return_path": "bounce"})
    mail_from = applied.resources["aws_sesv2_email_identity_mail_from_attributes.own[0]"]

    assert mail_from["email_identity"] == "example.com"
    assert mail_from["mail_from_domain"] == "bounce.example.com"
    assert mail_from["behavior_on_mx_failure"] == "USE_DEFAULT_VALUE"
