"""bench/compare: fails on a regression beyond the noise of the two runs, and on nothing else."""

import importlib.machinery
import importlib.util
import json
import random
import subprocess

import pytest

from conftest import ROOT

COMPARE = ROOT / "bench/compare"
CONTEXT = {"kernel": "Linux 6.18", "cores": "2", "hz": "250", "library_build_type": "release"}


@pytest.fixture
def write_run(tmp_path):
    """write_run(name, {benchmark: [microseconds, …]}) -> path of a file such as a benchmark program prints."""

    def write(name, runs, context=CONTEXT):
        entries = [{"name": benchmark, "run_name": benchmark, "run_type": "iteration", "repetition_index": index,
                    "real_time": value, "time_unit": "us"} for benchmark, values in runs.items() for index, value in enumerate(values)]
        entries.append({"name": "x_mean", "run_name": "x", "run_type": "aggregate", "real_time": 1, "time_unit": "us"})
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps({"context": context, "benchmarks": entries}))
        return path

    return write


def compare(*arguments):
    return subprocess.run([COMPARE, *arguments], capture_output=True, text=True, timeout=60, check=False)


def times(centre, spread, seed, count=9):
    draw = random.Random(seed)
    return [centre * (1 + draw.uniform(-spread, spread)) for _ in range(count)]


def test_a_run_is_no_regression_of_itself(write_run):
    run = write_run("run", {"Bind/1000": times(20, 0.1, 1)})
    done = compare(run, run)
    assert done.returncode == 0, done.stdout
    assert "same" in done.stdout


def test_slower_beyond_the_noise_is_a_regression(write_run):
    old = write_run("old", {"Bind/1000": times(20, 0.03, 1), "Bind/1": times(1, 0.03, 2)})
    new = write_run("new", {"Bind/1000": times(26, 0.03, 3), "Bind/1": times(1, 0.03, 4)})
    done = compare(old, new)
    assert done.returncode == 1
    assert [line.split()[0] for line in done.stdout.splitlines() if line.endswith("REGRESSION")] == ["Bind/1000"]
    assert compare(new, old).returncode == 0, "the other way round it is faster"
    assert "faster" in compare(new, old).stdout


def test_same_change_within_the_noise_is_none(write_run):
    old = write_run("old", {"Bind": times(20, 0.6, 1)})
    new = write_run("new", {"Bind": times(23, 0.6, 3)})
    done = compare(old, new)
    assert done.returncode == 0, done.stdout


def test_false_alarms_are_rare():
    loader = importlib.machinery.SourceFileLoader("bench_compare", str(COMPARE))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench_compare", loader))
    loader.exec_module(module)
    verdicts = [module.compare(times(20, 0.2, seed), times(20, 0.2, 1000 + seed), 0.03)[-1] for seed in range(30)]
    assert verdicts.count("REGRESSION") <= 1


def test_small_change_can_be_left_out(write_run):
    old, new = write_run("old", {"Bind": times(20, 0.001, 1)}), write_run("new", {"Bind": times(21, 0.001, 2)})
    assert compare(old, new).returncode == 1
    assert compare(old, new, "--least", "10").returncode == 0


@pytest.mark.parametrize("runs, context, complaint", [
    ({"Bind": [1.0, 1.1]}, CONTEXT, "at least 5 are needed"),
    ({"Other": [1.0] * 9}, CONTEXT, "no benchmark is in both files"),
    ({"Bind": [1.0] * 9}, {**CONTEXT, "kernel": "Linux 5"}, "kernel differs"),
])
def test_what_cannot_be_compared_is_refused(write_run, runs, context, complaint):
    done = compare(write_run("old", {"Bind": times(1, 0.1, 1)}), write_run("new", runs, context))
    assert done.returncode == 2
    assert complaint in done.stderr


def test_other_files_are_refused(write_run, tmp_path):
    other = tmp_path / "other.json"
    other.write_text("[]")
    for path in (other, tmp_path / "missing.json"):
        done = compare(write_run("old", {"Bind": times(1, 0.1, 1)}), path)
        assert done.returncode == 2 and "not the JSON" in done.stderr
