# The database: MariaDB 10.11, or MySQL 8.4. All mail is in it.
locals {
  version = { mariadb = "10.11", mysql = "8.4" }[var.engine]
}

resource "aws_db_parameter_group" "postroom" {
  name_prefix = "${var.name}-"
  family      = "${var.engine}${local.version}"

  parameter {
    name  = "require_secure_transport"
    value = "1"
  }

  parameter {
    name  = "character_set_server"
    value = "utf8mb4"
  }

  # RDS's own default, for MariaDB one for each 25 MB of memory, is less than two pods of each service may open.
  parameter {
    name  = "max_connections"
    value = "500"
  }

  # A new family is made before the old one goes: the instance always has one.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_subnet_group" "postroom" {
  name       = var.name
  subnet_ids = var.subnet_ids
}

resource "aws_security_group" "postroom" {
  name        = "${var.name}-database"
  description = "Postroom's database"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = var.client_security_group_ids

  security_group_id            = aws_security_group.postroom.id
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 3306
  to_port                      = 3306
}

resource "aws_db_instance" "postroom" {
  identifier     = var.name
  engine         = var.engine
  engine_version = local.version
  instance_class = var.instance_class
  db_name        = "postroom"

  # RDS makes the password and keeps it in Secrets Manager; it is in no state, and goes with the instance.
  username                    = "operator"
  manage_master_user_password = true

  storage_type          = "gp3"
  allocated_storage     = 20
  max_allocated_storage = 200
  storage_encrypted     = true

  multi_az               = true
  publicly_accessible    = false
  db_subnet_group_name   = aws_db_subnet_group.postroom.name
  vpc_security_group_ids = [aws_security_group.postroom.id]
  parameter_group_name   = aws_db_parameter_group.postroom.name

  auto_minor_version_upgrade  = true
  allow_major_version_upgrade = false

  # With backups any moment of the last week can be gone back to. Logs are not exported: their groups would stay.
  backup_retention_period   = 7
  copy_tags_to_snapshot     = true
  deletion_protection       = !var.disposable
  delete_automated_backups  = var.disposable
  skip_final_snapshot       = var.disposable
  final_snapshot_identifier = var.disposable ? null : "${var.name}-last"
}
