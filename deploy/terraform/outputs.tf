output "environment" {
  description = "Variables for the api, the worker and the admin; the scheduler passes over those that it does not need."
  value = merge(
    {
      POSTROOM_MAIL_URL   = "ses://${local.region}?configuration_set=${aws_sesv2_configuration_set.postroom.configuration_set_name}"
      POSTROOM_SES_TOPICS = aws_sns_topic.events.arn
    },
    var.public_url == null ? {} : { POSTROOM_PUBLIC_URL = var.public_url },
  )
}

output "worker_policy_arn" {
  description = "The policy that the worker's role needs, and no other service's."
  value       = aws_iam_policy.worker.arn
}

output "redrive_policy_arn" {
  description = "The policy that the role needs besides which runs the admin's `events redrive`."
  value       = aws_iam_policy.redrive.arn
}

output "dead_letter_queue_url" {
  description = "What `events redrive --queue-url` takes in."
  value       = aws_sqs_queue.dead_letters.url
}

output "identity_records" {
  description = "DNS records of the operator's own identity; whole names. Empty without one."
  value       = concat(local.dkim_records, local.return_path_records)
}
