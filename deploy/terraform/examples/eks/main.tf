# Postroom in EKS: what the module makes, and a role for the worker's pods alone.
module "postroom" {
  source = "../.."

  public_url = var.public_url
}

data "aws_caller_identity" "current" {}

data "aws_eks_cluster" "this" {
  name = var.cluster_name
}

locals {
  binding = var.oidc_provider_arn == null ? "pod_identity" : "irsa"

  # arn:aws:iam::123456789012:oidc-provider/ISSUER
  issuer = try(split("oidc-provider/", var.oidc_provider_arn)[1], "none")

  trust = {
    irsa = {
      Effect    = "Allow"
      Principal = { Federated = var.oidc_provider_arn }
      Action    = ["sts:AssumeRoleWithWebIdentity"]
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = "sts.amazonaws.com"
          "${local.issuer}:sub" = "system:serviceaccount:${var.namespace}:${var.service_account}"
        }
      }
    }

    pod_identity = {
      Effect    = "Allow"
      Principal = { Service = "pods.eks.amazonaws.com" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Condition = {
        ArnEquals = { "aws:SourceArn" = data.aws_eks_cluster.this.arn }
        StringEquals = {
          "aws:SourceAccount"                         = data.aws_caller_identity.current.account_id
          "aws:RequestTag/kubernetes-namespace"       = var.namespace
          "aws:RequestTag/kubernetes-service-account" = var.service_account
        }
      }
    }
  }
}

resource "aws_iam_role" "worker" {
  name        = var.service_account
  description = "Postroom's worker in the cluster ${var.cluster_name}."
  # The policy of `events redrive` may be attached by hand when this is destroyed.
  force_detach_policies = true

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for binding, trust in local.trust : trust if binding == local.binding]
  })
}

resource "aws_iam_role_policy_attachment" "worker" {
  role       = aws_iam_role.worker.name
  policy_arn = module.postroom.worker_policy_arn
}

resource "aws_eks_pod_identity_association" "worker" {
  count = local.binding == "pod_identity" ? 1 : 0

  cluster_name    = var.cluster_name
  namespace       = var.namespace
  service_account = var.service_account
  role_arn        = aws_iam_role.worker.arn
}
