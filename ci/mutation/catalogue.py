"""All mutants of scenario files."""

import fnmatch
import random

from mutation import kinds, wire_kinds
from mutation.mutant import ScenarioFile
from sources import ROOT

KINDS = [
    kinds.steps_dropped, kinds.closers_swapped, kinds.options_removed, kinds.options_added, kinds.sysctls_changed,
    kinds.matrix_values_changed, kinds.hosts_and_peers_changed, kinds.words_changed, kinds.states_changed,
    kinds.waits_changed, kinds.results_changed, kinds.times_changed,
    wire_kinds.rules_dropped, wire_kinds.rules_changed, wire_kinds.rule_actions_changed, wire_kinds.injections_changed,
    wire_kinds.segments_changed,
]


def scenario_files(pattern="*", slow=False, root=ROOT):
    """The scenario files whose folder/name matches a glob; those labelled slow only if asked for."""
    paths = sorted((root / "scenarios").glob("*/*.yaml"))
    files = [ScenarioFile(str(path.relative_to(root)), path.read_text()) for path in paths
             if fnmatch.fnmatch(f"{path.parent.name}/{path.stem}", pattern)]
    return [file for file in files if slow or not file.slow]


def mutants_of(file):
    """Each with another description; those with the same one are numbered."""
    found = [mutant for kind in KINDS for mutant in kind(file)]
    order = random.Random(file.name)  # which variants are tried first is always the same
    seen = {}
    for mutant in found:
        seen[mutant.what] = seen.get(mutant.what, 0) + 1
        if seen[mutant.what] > 1:
            mutant.what += f" (number {seen[mutant.what]})"
        order.shuffle(mutant.live)
    return [mutant for mutant in found if mutant.live]
