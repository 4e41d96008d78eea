"""The programs that the tools in ci/ run: those that are given, or the release build, brought up to date."""

import argparse
import os
import pathlib
import subprocess
import sys

from sources import ROOT

RELEASE = ROOT / "build/release/bin/lastack"


def add_lastack_option(parser):
    parser.add_argument("--lastack", metavar="PATH", type=pathlib.Path,
                        help=f"the program to use (default: {RELEASE.relative_to(ROOT)}, which is built first)")


def lastack(path):
    """The path of lastack; without one that of the release build."""
    if path is not None:
        if not os.access(path, os.X_OK):
            sys.exit(f"{path}: no such program")
        return path.resolve()
    print("building …", file=sys.stderr, flush=True)
    for command in (["cmake", "--preset", "release"], ["cmake", "--build", "--preset", "release", "--target", "programs"]):
        built = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if built.returncode != 0:
            sys.exit(f"{built.stdout[-4000:]}{built.stderr[-4000:]}\n{' '.join(command)}: exit {built.returncode}")
    return RELEASE


class Parser(argparse.ArgumentParser):
    """Shows a tool's own text with --help as it is written."""

    def __init__(self, text):
        summary, _, rest = text.strip().partition("\n")
        super().__init__(description=summary, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter)
