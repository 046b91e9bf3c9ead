variable "name" {
  description = "The instance, and what belongs to it."
  type        = string
  default     = "postroom"
}

variable "engine" {
  description = "mariadb (10.11) or mysql (8.4)."
  type        = string
  default     = "mariadb"

  validation {
    condition     = contains(["mariadb", "mysql"], var.engine)
    error_message = "engine: mariadb or mysql."
  }
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

variable "instance_class" {
  description = "The size. Each api and each scheduler opens up to 20 connections, twice POSTROOM_DATABASE_POOL_SIZE; each worker up to 68, twice the sum of 2 and 4 × POSTROOM_WORKER_THREADS. The database takes 500 (max_connections in main.tf); raise that with the size."
  type        = string
  default     = "db.t4g.medium"
}

variable "disposable" {
  description = "true: destroy deletes all mail and leaves nothing. false: AWS refuses to delete the instance; once that is lifted, a last snapshot and the backups remain."
  type        = bool
  default     = false
}
