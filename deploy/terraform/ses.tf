# Named in every call of the worker's: without it SES's events do not say which email they are about.
resource "aws_sesv2_configuration_set" "postroom" {
  configuration_set_name = var.name
  tags                   = local.tags

  delivery_options {
    tls_policy = var.require_tls ? "REQUIRE" : "OPTIONAL"
  }
}

resource "aws_sesv2_email_identity" "own" {
  count = var.identity == null ? 0 : 1

  email_identity         = var.identity.domain
  configuration_set_name = aws_sesv2_configuration_set.postroom.configuration_set_name
  tags                   = local.tags

  dkim_signing_attributes {
    # Easy DKIM, in one strength; or a key pair from outside.
    next_signing_key_length    = var.identity_dkim == null ? "RSA_2048_BIT" : null
    domain_signing_selector    = try(var.identity_dkim.selector, null)
    domain_signing_private_key = try(var.identity_dkim.private_key, null)
  }
}

resource "aws_sesv2_email_identity_mail_from_attributes" "own" {
  count = length(aws_sesv2_email_identity.own)

  email_identity   = aws_sesv2_email_identity.own[0].email_identity
  mail_from_domain = "${var.identity.return_path}.${var.identity.domain}"
  # As the worker does it: mail goes out all the same while the record is missing.
  behavior_on_mx_failure = "USE_DEFAULT_VALUE"
}

locals {
  return_path = var.identity == null ? null : "${var.identity.return_path}.${var.identity.domain}"

  # SES's three tokens exist with Easy DKIM only; the record of a key of your own is yours to write.
  dkim_tokens = var.identity == null || nonsensitive(var.identity_dkim != null) ? [] : aws_sesv2_email_identity.own[0].dkim_signing_attributes[0].tokens

  dkim_records = [for token in local.dkim_tokens : {
    type     = "CNAME"
    name     = "${token}._domainkey.${var.identity.domain}"
    priority = null
    value    = "${token}.dkim.amazonses.com"
  }]

  return_path_records = var.identity == null ? [] : [
    {
      type     = "MX"
      name     = local.return_path
      priority = 10
      value    = "feedback-smtp.${local.region}.amazonses.com"
    },
    {
      type     = "TXT"
      name     = local.return_path
      priority = null
      value    = "v=spf1 include:amazonses.com ~all"
    },
  ]
}
