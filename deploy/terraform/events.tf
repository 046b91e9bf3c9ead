# What becomes of each mail: SES -> topic -> POST /hooks/ses of the api; and what the api never took -> queue.
resource "aws_sns_topic" "events" {
  name              = "${var.name}-events"
  signature_version = 2
  kms_master_key_id = var.topic_key_arn
  tags              = local.tags
}

resource "aws_sns_topic_policy" "events" {
  arn = aws_sns_topic.events.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyThisConfigurationSet"
      Effect    = "Allow"
      Principal = { Service = "ses.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.events.arn
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnEquals    = { "aws:SourceArn" = aws_sesv2_configuration_set.postroom.arn }
      }
    }]
  })
}

resource "aws_sesv2_configuration_set_event_destination" "events" {
  configuration_set_name = aws_sesv2_configuration_set.postroom.configuration_set_name
  event_destination_name = var.name

  event_destination {
    enabled = true
    # All that Postroom reads. To report opens and clicks SES changes the mail, so these two are asked for apart.
    matching_event_types = concat(
      ["SEND", "DELIVERY", "DELIVERY_DELAY", "BOUNCE", "COMPLAINT", "REJECT", "RENDERING_FAILURE", "SUBSCRIPTION"],
      var.track_opens_and_clicks ? ["OPEN", "CLICK"] : [],
    )

    sns_destination {
      topic_arn = aws_sns_topic.events.arn
    }
  }

  # SES tries the topic when it is named.
  depends_on = [aws_sns_topic_policy.events]
}

resource "aws_sns_topic_subscription" "hook" {
  count = var.public_url == null ? 0 : 1

  topic_arn = aws_sns_topic.events.arn
  protocol  = "https"
  endpoint  = "${var.public_url}/hooks/ses"

  # The api confirms by itself. A bare message would carry no signature.
  endpoint_auto_confirms          = true
  confirmation_timeout_in_minutes = 5
  raw_message_delivery            = false

  # SNS goes on for 3,600 seconds at the most: 12 retries after 5 seconds each, then 59 after 60 seconds each.
  delivery_policy = jsonencode({
    healthyRetryPolicy = {
      minDelayTarget     = 5
      maxDelayTarget     = 60
      numRetries         = 71
      numNoDelayRetries  = 0
      numMinDelayRetries = 12
      numMaxDelayRetries = 59
      backoffFunction    = "linear"
    }
  })

  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead_letters.arn })

  # What fails at once already goes to the queue.
  depends_on = [aws_sqs_queue_policy.dead_letters]
}
