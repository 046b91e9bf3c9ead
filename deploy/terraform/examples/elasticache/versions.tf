terraform {
  # Values that are written and never kept: since 1.11.
  required_version = ">= 1.11, < 2.0"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # The oldest that was seen to know auth_token_wo.
      version = ">= 6.69, < 7.0"
    }
  }
}
