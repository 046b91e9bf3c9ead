variable "name" {
  description = "The replication group, and what belongs to it."
  type        = string
  default     = "postroom"
}

variable "vpc_id" {
  description = "The VPC that Postroom runs in."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets in two zones at least."
  type        = set(string)
}

variable "client_security_group_ids" {
  description = "Who may connect: the security groups of the nodes, or of the pods, that the services run on."
  type        = set(string)
}

variable "node_type" {
  description = "The size. Postroom keeps a bounded window in it: the smallest will do."
  type        = string
  default     = "cache.t4g.micro"
}

variable "auth_token" {
  description = "The password: 16 to 128 letters and digits. It is in no state; to change it, raise auth_token_version as well."
  type        = string
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = can(regex("^[A-Za-z0-9]{16,128}$", var.auth_token))
    error_message = "auth_token: 16 to 128 letters and digits, such as `openssl rand -hex 32` prints."
  }
}

variable "auth_token_version" {
  description = "A number that is raised with each new auth_token."
  type        = number
  default     = 1
}
