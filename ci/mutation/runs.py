"""Runs mutants, many per call of `lastack run`, and says which of them were noticed.

A mutant is tried in one of its variants after the other until one kills it. Next to it runs the same variant of the
unchanged file: only where that passes does a verdict about the mutant count.
"""

import json
import re
import shutil
import subprocess
import sys
import time

from mutation import tree

BATCH = 1500  # files per call: their evidence takes some 80 KiB each
BATCH_TIMEOUT_SECONDS = 1200
REFUSED = re.compile(r"^(\S*/(\d+)\.yaml):\d+:\d+: ", re.MULTILINE)


class Scratch:
    """A folder of files that are run together and thrown away."""

    def __init__(self, lastack, folder):
        self.lastack = lastack
        self.folder = folder

    def verdicts(self, texts):
        """The verdict of each scenario; REFUSED where the loader does not take it."""
        found = []
        for begin in range(0, len(texts), BATCH):
            found += self._batch(texts[begin:begin + BATCH])
        return found

    def _batch(self, texts):
        scenarios, results = self.folder / "mutants", self.folder / "results.json"
        scenarios.mkdir()
        try:
            for number, text in enumerate(texts):
                (scenarios / f"{number}.yaml").write_text(text)
            verdicts = dict.fromkeys(self._refused(scenarios), "REFUSED")
            for number in verdicts:
                (scenarios / f"{number}.yaml").unlink()
            if len(verdicts) < len(texts):
                self._run(scenarios, results)
                for result in json.loads(results.read_text())["results"]:
                    verdicts[int(re.search(r"(\d+)\.yaml$", result["file"])[1])] = result["verdict"]
            return [verdicts.get(number, "ERROR") for number in range(len(texts))]
        finally:
            shutil.rmtree(scenarios, ignore_errors=True)
            shutil.rmtree(self.folder / "evidence", ignore_errors=True)

    def _refused(self, scenarios):
        listed = subprocess.run([self.lastack, "run", scenarios, "--list"], capture_output=True, text=True, check=False)
        if listed.returncode == 0:
            return []
        numbers = {int(number) for _, number in REFUSED.findall(listed.stderr)}
        if not numbers:
            raise RuntimeError(f"lastack run --list: exit {listed.returncode}\n{listed.stderr}")
        return numbers

    def _run(self, scenarios, results):
        results.unlink(missing_ok=True)
        command = [self.lastack, "run", scenarios, "-q", "--json", results, "--evidence", self.folder / "evidence"]
        ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                             timeout=BATCH_TIMEOUT_SECONDS)
        if not results.exists():
            raise RuntimeError(f"lastack run: exit {ran.returncode}\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")


class Outcome:
    """What became of one mutant."""

    def __init__(self, mutant):
        self.mutant = mutant
        self.verdicts = []  # of each variant that was tried and passes unchanged
        self.unusable = []  # (verdict, variant) of unchanged files that did not pass

    @property
    def result(self):
        """killed, refused, survived, unclear (ERROR or INCONCLUSIVE), skipped, or unusable: passes nowhere unchanged."""
        if not self.verdicts:
            return "skipped" if self.unusable and all(verdict == "SKIP" for verdict, _ in self.unusable) else "unusable"
        for verdict, result in (("FAIL", "killed"), ("REFUSED", "refused"), ("ERROR", "unclear"), ("INCONCLUSIVE", "unclear")):
            if verdict in self.verdicts:
                return result
        return "survived"

    @property
    def details(self):
        """For print: what the runs said, where it is not PASS."""
        if self.result == "survived":
            return ""
        return f" ({', '.join(self.verdicts or [verdict for verdict, _ in self.unusable])})"


def _one_round(outcomes, number, scratch, unchanged):
    """Tries each outcome's mutant in its variant `number`."""
    tried = [(outcome, outcome.mutant.live[number]) for outcome in outcomes]
    texts, baselines = [], set()
    for outcome, variant in tried:
        key = (outcome.mutant.file.name, tuple(variant.items()))
        if key not in unchanged and key not in baselines:
            baselines.add(key)
            texts.append(tree.only(outcome.mutant.file.text, variant))
        texts.append(outcome.mutant.text(variant))
    verdicts = iter(scratch.verdicts(texts))
    for outcome, variant in tried:
        key = (outcome.mutant.file.name, tuple(variant.items()))
        if key in baselines:
            unchanged[key] = next(verdicts)
            baselines.remove(key)
        verdict = next(verdicts)
        if unchanged[key] == "PASS":
            outcome.verdicts.append(verdict)
        else:
            outcome.unusable.append((unchanged[key], variant))


def try_all(mutants, scratch, tries):
    """The outcome of each mutant, each tried in up to `tries(mutant)` variants."""
    outcomes = [Outcome(mutant) for mutant in mutants]
    unchanged = {}
    most = {id(outcome): min(tries(outcome.mutant), len(outcome.mutant.live)) for outcome in outcomes}
    for number in range(max(most.values(), default=0)):
        left = [outcome for outcome in outcomes if outcome.result not in ("killed", "refused") and number < most[id(outcome)]]
        if not left:
            break
        begin = time.monotonic()
        _one_round(left, number, scratch, unchanged)
        print(f"variant {number + 1}: {len(left)} mutants in {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
    return outcomes
