from collections import Counter

from sqlalchemy import func, select

from postroom_database.engine import Database
from postroom_database.models import Email


def count_states(database_url: str) -> Counter[str]:
    """How many emails the database holds in each state."""
    database = Database(database_url)
    try:
        with database.read() as connection:
            rows = connection.execute(select(Email.state, func.count()).group_by(Email.state))
            return Counter({row[0]: row[1] for row in rows})
    finally:
        database.close()
