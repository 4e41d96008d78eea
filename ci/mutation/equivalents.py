"""Which surviving mutants are equivalent: those of a class, and single ones, listed with their reasons.

A class explains a survivor only if its rule (classes.py) holds for that very mutant; a single one is named by its file and
its description (without the line, which moves).
"""

import yaml

from mutation.classes import CLASSES


class Equivalents:
    """ci/equivalent-mutants.yaml."""

    def __init__(self, path):
        document = yaml.safe_load(path.read_text())
        self.classes = document["classes"]
        self.single = {(file, what): reason for file, listed in (document["equivalents"] or {}).items()
                       for what, reason in listed.items()}
        unknown = set(self.classes) ^ set(CLASSES)
        if unknown:
            raise ValueError(f"{path}: classes and rules differ: {', '.join(sorted(unknown))}")

    def explain(self, mutant):
        """(class or "", reason) if a survivor is known to be equivalent."""
        listed = self.single.get((mutant.file.name, mutant.what))
        if listed is not None:
            return "", listed if isinstance(listed, str) else listed["reason"]
        name = next((name for name, rule in CLASSES.items() if rule(mutant)), None)
        return (name, self.classes[name]) if name is not None else None

    def accept(self, outcome):
        """(class or "", reason) if an outcome is all right though nothing killed the mutant. A class explains PASS alone."""
        known = self.explain(outcome.mutant) if outcome.result in ("survived", "unclear") else None
        return known if known is not None and (outcome.result == "survived" or not known[0]) else None

    def may_be_killed(self, mutant):
        """Is its verdict left to chance?"""
        listed = self.single.get((mutant.file.name, mutant.what))
        return isinstance(listed, dict) and bool(listed.get("racy"))

    def stale(self, outcomes, files):
        """The entries about these files that no longer hold: (file, what, why)."""
        results = {(outcome.mutant.file.name, outcome.mutant.what): outcome for outcome in outcomes}
        found = []
        for file, what in self.single:
            if file not in files:
                continue
            outcome = results.get((file, what))
            if outcome is None:
                found.append((file, what, "there is no such mutant any more"))
            elif outcome.result in ("killed", "refused") and not self.may_be_killed(outcome.mutant):
                found.append((file, what, f"it is {outcome.result} now"))
        return found
