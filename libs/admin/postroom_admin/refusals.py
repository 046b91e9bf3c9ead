"""What a database that answers, but refuses, says: one line for an operator."""

from sqlalchemy.exc import DBAPIError


def describe_refusal(problem: DBAPIError) -> str:
    """The driver's words, without the statement and its values. Drivers name users and tables, never passwords."""
    words = problem.orig.args[-1:] if problem.orig is not None else ()
    return " ".join(str(*words).split()) or type(problem).__name__
