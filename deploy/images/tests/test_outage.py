"""The images without their database: nothing ends, and nothing is lost."""

from postroom_images_testing.stack import SERVICES, Stack

MAIL = {"from": "from@example.com", "to": "to@example.com", "subject": "one", "text": "text"}


def test_without_its_database_a_service_runs_and_is_not_ready_until_it_is_back(stack: Stack) -> None:
    mariadb = stack.containers["mariadb"]
    mariadb.signal("KILL")
    mariadb.wait()
    for service in SERVICES:
        stack.wait_ready(service, 503)
    # Nor does one end that starts meanwhile.
    for service in SERVICES:
        stack.start(service)
    for service in SERVICES:
        stack.wait_ready(service, 503)

    mariadb.start()

    for service in SERVICES:
        stack.wait_ready(service)
    email_id = stack.post(MAIL)
    stack.wait_until(lambda: email_id in stack.arrived(), "the mail")
