# What the worker and the admin call, no more. The api and the scheduler call nothing of AWS and need no role.
locals {
  ses = "arn:${local.partition}:ses:${local.region}:${local.account}"

  # Clients add domains at any time, so the identities of this account and region are open unless their names are given.
  identity_arns = length(var.sender_domains) == 0 ? ["${local.ses}:identity/*"] : [for domain in var.sender_domains : "${local.ses}:identity/${domain}"]
}

resource "aws_iam_policy" "worker" {
  name        = "${var.name}-worker"
  description = "What Postroom's worker may do with SES."
  tags        = local.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Send"
        Effect = "Allow"
        # SES asks for the second when the first is called with raw content.
        Action   = ["ses:SendEmail", "ses:SendRawEmail"]
        Resource = concat(local.identity_arns, [aws_sesv2_configuration_set.postroom.arn])
      },
      {
        Sid    = "RegisterDomains"
        Effect = "Allow"
        Action = [
          "ses:CreateEmailIdentity",
          "ses:DeleteEmailIdentity",
          "ses:GetEmailIdentity",
          "ses:PutEmailIdentityDkimSigningAttributes",
          "ses:PutEmailIdentityMailFromAttributes",
        ]
        Resource = local.identity_arns
      },
      {
        Sid      = "ReadConfigurationSet"
        Effect   = "Allow"
        Action   = "ses:GetConfigurationSet"
        Resource = aws_sesv2_configuration_set.postroom.arn
      },
      {
        Sid      = "ReadEventDestinations"
        Effect   = "Allow"
        Action   = "ses:GetConfigurationSetEventDestinations"
        Resource = aws_sesv2_configuration_set.postroom.arn
      },
      {
        Sid      = "ReadSubscriptions"
        Effect   = "Allow"
        Action   = "sns:ListSubscriptionsByTopic"
        Resource = aws_sns_topic.events.arn
      },
      {
        Sid    = "ReadQuotaAndUnsuppress"
        Effect = "Allow"
        Action = ["ses:GetAccount", "ses:DeleteSuppressedDestination"]
        # These two are about the account as a whole: AWS knows no resource that they could be limited to.
        Resource  = "*"
        Condition = { StringEquals = { "aws:RequestedRegion" = local.region } }
      },
    ]
  })
}

resource "aws_iam_policy" "redrive" {
  name        = "${var.name}-redrive"
  description = "What the admin's `events redrive` may do with the dead-letter queue."
  tags        = local.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "TakeIn"
      Effect   = "Allow"
      Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage"]
      Resource = aws_sqs_queue.dead_letters.arn
    }]
  })
}
