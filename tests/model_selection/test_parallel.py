from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from builders import refused
from command_line import TINY
from dask_cluster import dask_cluster
from joblib import Parallel
from written_recordings import write_csv

from har.datasets.file_trees import trees_at
from har.datasets.hapt_recordings import find_recordings
from har.errors import DataError, RunError, UsageError
from har.model_selection.parallel import n_processes, run_jobs


def joined(*words):
    if "wrong" in words:
        raise DataError("walk.csv: found something wrong, expected nothing of the kind")
    return "-".join(words)


def killed(_word):
    os._exit(9)


def n_inside():
    return Parallel()._effective_n_jobs()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_shared_arguments_come_before_those_of_each_job(n_jobs):
    results = run_jobs(joined, [("a",), ("b", "c")], n_jobs, shared=("all",))
    assert sorted(results) == ["all-a", "all-b-c"]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_what_a_user_can_mend_comes_back_as_it_is(n_jobs):
    with refused(DataError, "walk.csv"):
        list(run_jobs(joined, [("wrong",)] * 2, n_jobs))


def test_a_process_that_is_killed_is_one_line():
    with refused(RunError, "killed", "--jobs"):
        list(run_jobs(killed, [("a",), ("b",)], 2))


_ENDLESS = """
import os, sys, time
from pathlib import Path
from har.cli import main
from har.cli.verbs import inspect
from har.model_selection.parallel import run_jobs
def endless(folder, number):
    Path(folder, str(os.getpid())).touch()
    time.sleep(3600)
def run(**_):
    list(run_jobs(endless, [(sys.argv[1], number) for number in range(4)], 2))
inspect.run = run
sys.exit(main.main(["inspect", "data"]))
"""


def is_running(process):
    """Return whether a process is there and has not ended; nobody may have asked for its status."""
    try:
        return Path(f"/proc/{process}/stat").read_text().split(") ")[1][0] not in "ZX"
    except OSError:
        return False


def endless_jobs(folder):
    """Start jobs in a group of processes of their own; give the main one and two workers."""
    command = [sys.executable, "-c", _ENDLESS, str(folder)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while len(workers := list(folder.iterdir())) < 2:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    return process, [worker.name for worker in workers]


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_workers_end_with_an_interrupted_process_and_say_nothing(number, status, tmp_path):
    process, workers = endless_jobs(tmp_path)
    # As a terminal and `timeout` do it: to all processes at once.
    os.killpg(process.pid, number)
    # The pipe's end: no worker holds it any longer.
    _, said = process.communicate(timeout=600)
    assert (process.returncode, said) == (status, "har: interrupted\n")
    assert not any(map(is_running, workers))


def test_workers_end_with_a_process_that_is_killed(tmp_path):
    process, workers = endless_jobs(tmp_path)
    process.kill()
    # Their pipe ends when all of them have ended.
    process.communicate(timeout=600)
    assert not any(map(is_running, workers))


def test_a_job_starts_no_jobs_of_its_own_beside_it():
    assert list(run_jobs(n_inside, [()] * 2, 2)) == [1, 1]


def test_without_the_extra_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with refused(UsageError, "--cluster", "pip install 'gluon-har[cluster]'"):
        list(run_jobs(joined, [("a",)], cluster="tcp://127.0.0.1:1"))


@pytest.mark.parametrize(
    ("n_jobs", "asked_for", "n_threads", "expected"),
    [
        (15, None, 1, 4),
        (15, None, 2, 2),
        (15, None, 8, 1),
        (3, None, 1, 3),
        (15, 9, 1, 9),
        (0, 2, 1, 1),
    ],
)
def test_there_are_as_many_processes_as_cores_or_as_asked_for(
    n_jobs, asked_for, n_threads, expected, monkeypatch
):
    monkeypatch.setattr("os.sched_getaffinity", lambda _process: {0, 1, 2, 3})
    assert n_processes(n_jobs, asked_for, n_threads) == expected


def har(*arguments):
    """Start a command in a process of its own: Dask's threads and warnings stay there."""
    command = [sys.executable, "-m", "har", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process):
    out, errors = process.communicate(timeout=3000)
    return process.returncode, out, errors


def kill_after(process, worker, is_begun):
    """Kill a worker as soon as something is done, while there is more to do."""
    deadline_s = time.monotonic() + 1500
    while not is_begun():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    worker.kill()


def content_of(folder):
    files = sorted(file for file in folder.rglob("*") if file.name != "finished.jsonl")
    return {file.relative_to(folder): file.read_bytes() for file in files if file.is_file()}


def lines_in(file):
    return len(file.read_text().split()) if file.exists() else 0


@pytest.fixture(scope="module")
def walks(data_root, tmp_path_factory):
    """A minute of each of twelve people, and a file that is no recording."""
    folder = tmp_path_factory.mktemp("walks")
    (tree,) = list(trees_at(data_root / "hapt.zip"))
    recordings = find_recordings(tree)
    for number in list(recordings)[:12]:
        write_csv(folder / f"walk{number:02}.csv", recordings[number].read().samples[5000:8000])
    (folder / "broken.csv").write_text("no,recording\n1,2\n")
    return folder


@pytest.mark.slow
def test_recordings_are_classified_on_a_cluster_as_without_though_a_worker_dies(
    run, walks, tmp_path
):
    assert ended(har("predict", run, walks, "--out", tmp_path / "alone", "--jobs", 1))[0] == 1
    out = tmp_path / "cluster"
    with dask_cluster(tmp_path) as (address, workers):
        process = har("predict", run, walks, "--out", out, "--cluster", address)
        kill_after(process, workers[0], lambda: lines_in(out / "finished.jsonl"))
        status, _said, errors = ended(process)
    assert status == 1, errors
    assert "1 of 13 recordings" in errors
    assert content_of(out) == content_of(tmp_path / "alone")


@pytest.mark.slow
def test_networks_are_cross_validated_on_a_cluster_as_without_though_a_worker_dies(
    data_root, uci_har, tmp_path
):
    command = ["cv", *TINY, "--data.root", data_root, "--folds", 3, "--seeds", 1]
    assert ended(har(*command, "--out", tmp_path / "alone", "--jobs", 1))[0] == 0
    out = tmp_path / "cluster"
    with dask_cluster(tmp_path) as (address, workers):
        process = har(*command, "--out", out, "--cluster", address)
        kill_after(process, workers[0], lambda: list(out.glob("folds/seed*.json")))
        status, _said, errors = ended(process)
    assert status == 0, errors
    tables = sorted((tmp_path / "alone" / "folds").glob("*.csv"))
    assert len(tables) == 3
    for table in tables:
        assert table.read_bytes() == (out / "folds" / table.name).read_bytes()


@pytest.mark.slow
def test_baselines_are_scored_on_a_cluster_as_without(data_root, uci_har, tmp_path):
    command = ["baseline", "random_forest", "--data.root", data_root, "--folds", 3]
    figures = []
    with dask_cluster(tmp_path) as (address, _workers):
        for name, options in {"alone": ["--jobs", 1], "cluster": ["--cluster", address]}.items():
            out = tmp_path / f"{name}.json"
            status, _said, errors = ended(har(*command, *options, "--out", out))
            assert status == 0, errors
            baselines = json.loads(out.read_text())["baselines"]
            scores = [
                {key: row[key] for key in ("seed", "fold", "accuracy", "macro_f1")}
                for summary in baselines.values()
                for row in summary["scores"]
            ]
            figures.append(pd.DataFrame(scores))
    pd.testing.assert_frame_equal(*figures)


@pytest.mark.slow
def test_a_cluster_of_no_use_is_one_line(run, walks, tmp_path):
    command = ["predict", run, walks, "--out", tmp_path / "out", "--cluster"]
    status, _said, errors = ended(har(*command, "tcp://127.0.0.1:1"))
    assert status == 2
    assert "found no scheduler" in errors.splitlines()[-1]
    assert "dask scheduler" in errors.splitlines()[-1]
