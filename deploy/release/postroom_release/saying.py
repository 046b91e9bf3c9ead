import sys


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()  # what the engine says itself must not overtake it


def complain(text: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"postroom: {text}\n")
