output "environment" {
  description = "For all three services and the admin. Write the user and the password in yourself, and give it as a secret. AWS's bundle of authorities is mounted as /etc/postroom/certificates/rds.pem."
  value = {
    POSTROOM_DATABASE_URL = "mysql+pymysql://USER:PASSWORD@${aws_db_instance.postroom.address}:3306/postroom?ssl_ca=/etc/postroom/certificates/rds.pem"
  }
}

output "operator_secret_arn" {
  description = "Where RDS keeps the password of the user `operator`, who makes Postroom's own."
  value       = aws_db_instance.postroom.master_user_secret[0].secret_arn
}
