"""docs/mutants.md: how many mutants of what kind were noticed, and why the others are equivalent."""

import collections
import datetime
import os

RESULTS = ["killed", "refused", "equivalent", "survived"]


def _table(title, outcomes, key, result_of):
    counts = collections.defaultdict(collections.Counter)
    for outcome in outcomes:
        counts[key(outcome.mutant)][result_of(outcome)] += 1
    lines = [f"| {title} | mutants | {' | '.join(RESULTS)} |", "|---|" + "---:|" * (len(RESULTS) + 1)]
    total = collections.Counter()
    for name in sorted(counts):
        total += counts[name]
        lines.append(_row(name, counts[name]))
    return "\n".join([*lines, _row("**all**", total)])


def _row(name, counter):
    return f"| {name} | {counter.total()} | " + " | ".join(str(counter[result]) for result in RESULTS) + " |"


def _cell(text):
    return " ".join(text.split()).replace("|", "\\|")


INTRODUCTION = """# Mutants of the scenarios

A scenario is worth something if it can fail. `ci/mutants` changes each scenario file one small thing at a time: it drops a
step, lets the other end close, takes an option or a rule of the wire away, changes a sysctl, an expected state, segment or
result. Such a mutant is run in one variant after the other, until one does not PASS. Each time the same variant of the
unchanged file passes.

*killed*: a FAIL. *refused*: the loader does not take the file. *equivalent*: it passes, and must, for a reason below.
*survived*: it passes, and nobody has said why; `ci/mutants` fails.
"""


def write(path, outcomes, equivalents, explained, command):
    """`explained`: the equivalent mutants, as (outcome, class or "", reason)."""
    known = {id(outcome) for outcome, _, _ in explained}

    def result_of(outcome):
        return "equivalent" if id(outcome) in known else outcome.result if outcome.result in RESULTS else "survived"

    system = os.uname()
    kernel = f"{system.sysname} {system.release} {system.machine}"
    parts = [INTRODUCTION, f"`{command}` on {datetime.date.today()}, {kernel}.\n",
             _table("folder", outcomes, lambda mutant: mutant.file.folder, result_of), "",
             _table("kind", outcomes, lambda mutant: mutant.kind, result_of), "", "## Equivalent by their kind",
             "Each rule is checked for the very mutant (`ci/mutation/classes.py`); it does not hide others.\n",
             "| class | mutants | reason |", "|---|---:|---|"]
    by_class = collections.Counter(name for _, name, _ in explained)
    parts += [f"| {name} | {by_class[name]} | {_cell(reason)} |" for name, reason in equivalents.classes.items()]
    parts += ["", "## Equivalent one by one", "| scenario | change | reason |", "|---|---|---|"]
    parts += [f"| {outcome.mutant.file.name.removeprefix('scenarios/').removesuffix('.yaml')} "
              f"| {_cell(outcome.mutant.what)} | {_cell(reason)} |" for outcome, name, reason in explained if not name]
    path.write_text("\n".join(parts) + "\n")
