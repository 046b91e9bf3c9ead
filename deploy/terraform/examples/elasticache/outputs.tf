output "environment" {
  description = "For all three services and the admin. Write the auth token in yourself, and give it as a secret."
  value = {
    POSTROOM_REDIS_URL = "rediss://:AUTH_TOKEN@${aws_elasticache_replication_group.postroom.primary_endpoint_address}:6379/0"
  }
}
