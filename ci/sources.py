"""Which source files the checks are about."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def sources(*patterns):
    """The files that git has or would add and that match a pattern ("*.cc"), relative to the root."""
    git = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run([*git, *patterns], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return sorted({name for name in names.split("\0") if name and (ROOT / name).is_file()})
