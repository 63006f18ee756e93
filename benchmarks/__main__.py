"""`python -m benchmarks [rest] [append] …`: all but `long` unless some are named."""

import argparse
import shutil
import signal
import sys
import tempfile
from types import FrameType

from benchmarks import append, following, imports, lag, rebuilding, rest, start
from benchmarks.ground import ground
from benchmarks.report import Section, machine, markdown, record

NAMES = ("rest", "append", "imports", "following", "lag", "rebuilding", "start")
LONG = "long"
"""Rebuilding again, over a million and ten million entries: half an hour and 21 GB in TMPDIR."""


def main() -> None:
    """Measure what is asked for, each on a fresh server, and print it as it comes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures beside a yardstick.")
    parser.add_argument(
        "what", nargs="*", default=NAMES, help=f"of {', '.join(NAMES)} (default: all), or {LONG}"
    )
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each round (default: 5)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each server over HTTP (default: 3)")
    parser.add_argument(
        "--entries",
        type=int,
        default=rebuilding.MILLION,
        help=f"of the shorter book of {LONG} (default: a million)",
    )
    parser.add_argument("--record", action="store_true", help="append the figures to benchmarks/RESULTS.md")
    asked = parser.parse_args()
    if unknown := set(asked.what) - {*NAMES, LONG}:
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    if LONG in asked.what and (lacking := _lacking(rebuilding.bytes_needed(asked.entries))):
        parser.error(
            f"{LONG} needs {lacking:,.0f} GB more in {tempfile.gettempdir()}; choose another by TMPDIR"
        )
    signal.signal(signal.SIGTERM, _ended)

    sys.stdout.write(f"{machine()}\n\n")
    shown: list[str] = []
    for name in asked.what:
        shown.append("\n".join(map(markdown, measured(name, asked.rounds, asked.seconds, asked.entries))))
        sys.stdout.write(f"{shown[-1]}\n")
        sys.stdout.flush()
    if asked.record:
        record("\n".join(shown), " ".join(["python -m benchmarks", *sys.argv[1:]]))


def _lacking(needed: int) -> float:
    """Gigabytes that are missing where temporary files lie; 0 if none are."""
    return max(0, needed - shutil.disk_usage(tempfile.gettempdir()).free) / 1e9


def _ended(number: int, _: FrameType | None) -> None:
    """Told to end, leave nothing behind: no server, no files."""
    sys.exit(128 + number)


def measured(name: str, rounds: int, seconds: float, entries: int) -> list[Section]:
    """One benchmark on a server of its own."""
    if name == "start":
        return [start.measure(rounds)]  # which starts its own
    with ground() as fresh:
        match name:
            case "rest":
                return [rest.measure(fresh, rounds, seconds)]
            case "append":
                return [append.measure(fresh, seconds)]
            case "imports":
                return [imports.measure(fresh)]
            case "following":
                return [following.measure(fresh)]
            case "lag":
                return lag.measure(fresh)
            case "rebuilding":
                return [rebuilding.measure(fresh)]
            case _:
                return rebuilding.measure_long(fresh, entries)


if __name__ == "__main__":
    main()
