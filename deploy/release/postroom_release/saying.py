import sys


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()  # what the engine says itself must not overtake it


def progress(line: str) -> None:
    """What is being done: to stderr, as what a command answers is for other programs, too."""
    sys.stdout.flush()
    sys.stderr.write(f"{line}\n")


def complain(text: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"postroom: {text}\n")
