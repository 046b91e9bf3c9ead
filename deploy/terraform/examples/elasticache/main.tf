# Redis 7: hints for the workers, rate limits, the pace. All of it may be lost at any moment.
resource "aws_elasticache_parameter_group" "postroom" {
  name   = var.name
  family = "redis7"

  # A hint that was evicted would be missed; a Redis that is full is passed by.
  parameter {
    name  = "maxmemory-policy"
    value = "noeviction"
  }
}

resource "aws_elasticache_subnet_group" "postroom" {
  name       = var.name
  subnet_ids = var.subnet_ids
}

resource "aws_security_group" "postroom" {
  name        = "${var.name}-redis"
  description = "Postroom's Redis"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = var.client_security_group_ids

  security_group_id            = aws_security_group.postroom.id
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
}

resource "aws_elasticache_replication_group" "postroom" {
  replication_group_id = var.name
  description          = "Postroom's Redis"

  engine               = "redis"
  engine_version       = "7.0"
  node_type            = var.node_type
  port                 = 6379
  parameter_group_name = aws_elasticache_parameter_group.postroom.name

  # Not a cluster: Postroom's scripts use several keys at once.
  num_cache_clusters         = 2
  automatic_failover_enabled = true
  multi_az_enabled           = true

  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  at_rest_encryption_enabled = true
  auth_token_wo              = var.auth_token
  auth_token_wo_version      = var.auth_token_version

  subnet_group_name  = aws_elasticache_subnet_group.postroom.name
  security_group_ids = [aws_security_group.postroom.id]

  # Nothing in it is worth a backup, and none is left.
  snapshot_retention_limit = 0
}
