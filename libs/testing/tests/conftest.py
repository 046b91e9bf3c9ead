from postroom_testing.fixtures import mariadb, mariadb_url, redis_server, redis_url, ses, sns, sns_server

__all__ = ["mariadb", "mariadb_url", "redis_server", "redis_url", "ses", "sns", "sns_server"]
