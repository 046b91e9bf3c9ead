variable "cluster_name" {
  description = "The EKS cluster that Postroom runs in."
  type        = string
}

variable "namespace" {
  description = "The namespace that Postroom is installed into."
  type        = string
  default     = "postroom"
}

variable "service_account" {
  description = "The worker's ServiceAccount."
  type        = string
  default     = "postroom-worker"
}

variable "oidc_provider_arn" {
  description = "The cluster's OIDC provider in IAM: the role is then bound by IRSA. Without it, by EKS Pod Identity, whose agent must run in the cluster."
  type        = string
  default     = null

  validation {
    condition     = var.oidc_provider_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/.+$", var.oidc_provider_arn))
    error_message = "oidc_provider_arn: the ARN of an OIDC provider, such as arn:aws:iam::123456789012:oidc-provider/ISSUER."
  }
}

variable "public_url" {
  description = "As the module's: set it when the api runs."
  type        = string
  default     = null
}
