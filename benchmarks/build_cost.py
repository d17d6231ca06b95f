"""Processor time of a build: plain Material, the same with weave/, and the whole site.

    python -m benchmarks.build_cost [--lessons 10 100 1000] [--rounds 5]

Every site holds copies of the freezing lesson. A round builds each kind once, in turn, so that
whatever else the machine does falls on all of them; a ratio compares builds of one round.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.sites import KINDS, build, make_site


def measure(folder, lessons, rounds):
    """Return {kind: [seconds of processor time of each round]}."""
    seconds = {kind: [] for kind in KINDS}
    for kind in KINDS:
        shutil.rmtree(folder / kind, ignore_errors=True)
        make_site(folder / kind, lessons, kind)
        build(folder / kind)  # fills the caches; not counted
    for _ in range(rounds):
        for kind in KINDS:
            seconds[kind].append(build(folder / kind))
    return seconds


def ratios(seconds, kind):
    """Return a kind's time over plain's, of each round."""
    return [mine / plain for mine, plain in zip(seconds[kind], seconds["plain"], strict=True)]


def as_range(values):
    """Return median and extremes as text."""
    return f"{median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


def main(arguments):
    """Measure and print; a size at a time, for the large ones take long."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--lessons", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)

    print("Processor seconds of one build (median), ratios to plain Material: median (range)")
    print(
        f"{'lessons':>7} {'rounds':>6} {'plain':>8} {'woven':>8} {'whole':>8}   "
        f"{'woven / plain':<18} {'whole / plain':<18} {'ms a lesson more, whole':<8}"
    )
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        one = measure(folder, 1, options.rounds)
        for lessons in options.lessons:
            seconds = one if lessons == 1 else measure(folder, lessons, options.rounds)
            middle = {kind: median(seconds[kind]) for kind in KINDS}
            more = (middle["whole"] - median(one["whole"])) / max(lessons - 1, 1) * 1000
            print(
                f"{lessons:>7} {options.rounds:>6} "
                + " ".join(f"{middle[kind]:>8.2f}" for kind in KINDS)
                + f"   {as_range(ratios(seconds, 'woven')):<18}"
                + f" {as_range(ratios(seconds, 'whole')):<18} {more:.1f}",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
