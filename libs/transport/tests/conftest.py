from postroom_testing.fixtures import ses, smtp_server
from postroom_testing.transports import inbox_subject, ses_subject, smtp_subject

__all__ = ["inbox_subject", "ses", "ses_subject", "smtp_server", "smtp_subject"]
