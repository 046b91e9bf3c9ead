"""`make chaos`: the services in bad weather, and the ledger of what came of it."""

import argparse
import os
import random
import signal
import sys

from postroom_chaos.run import Wanted, run

_SEEDS = 1_000_000


def main() -> int:
    # Asked to end it ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parser = argparse.ArgumentParser(prog="chaos", description="The services in bad weather; the ledger of their mail.")
    parser.add_argument("--seconds", type=float, default=600, help="of load and faults (600)")
    parser.add_argument("--emails", type=int, default=20_000, help="that clients send in this time (20000)")
    parser.add_argument("--faults", type=int, default=300, help="how many (300)")
    parser.add_argument("--seed", type=int, help="repeats the faults of an earlier run")
    parser.add_argument(
        "--on-unknown",
        choices=("resend", "hold"),
        default="resend",
        help="what becomes of mail of unknown outcome (resend)",
    )
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(_SEEDS) if given.seed is None else given.seed
    report = run(
        Wanted(given.seconds, given.emails, given.faults, seed, hold=given.on_unknown == "hold"),
        lambda text: print(text, flush=True),  # noqa: T201 - a program that tells
    )
    for line in report.lines():
        print(line)  # noqa: T201 - likewise
    (report.logs.folder / "faults").write_text("\n".join(report.timeline()))
    times = os.times()
    own, others = times.user + times.system, times.children_user + times.children_system
    print(f"processor: {own:.0f} s by the driver and its SES, {others:.0f} s by all others")  # noqa: T201 - likewise
    return 1 if report.problems() else 0


if __name__ == "__main__":
    sys.exit(main())
