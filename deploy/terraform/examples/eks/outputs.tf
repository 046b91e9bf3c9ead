output "environment" {
  description = "As the module's."
  value       = module.postroom.environment
}

output "service_account_annotations" {
  description = "Annotations of the worker's ServiceAccount. Pod Identity needs none."
  value       = local.binding == "irsa" ? { "eks.amazonaws.com/role-arn" = aws_iam_role.worker.arn } : {}
}

output "worker_role_name" {
  description = "The worker's role, to which the policy of `events redrive` is attached when it is needed."
  value       = aws_iam_role.worker.name
}

output "redrive_policy_arn" {
  description = "As the module's."
  value       = module.postroom.redrive_policy_arn
}

output "dead_letter_queue_url" {
  description = "As the module's."
  value       = module.postroom.dead_letter_queue_url
}
