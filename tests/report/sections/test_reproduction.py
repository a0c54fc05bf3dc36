from __future__ import annotations

from compared_runs import change_json
from scored_run import make_run, make_windows

from har.report.scored_run import ScoredRun
from har.report.sections.reproduction import reproduction_section


def view_of(run):
    return reproduction_section(ScoredRun.read(run)).view


def test_the_command_has_its_commit_and_its_number_of_threads(tmp_path):
    view = view_of(make_run(tmp_path / "run", make_windows(20)))
    assert view["command"].splitlines() == [
        "git checkout 8fed95c0f5f4",
        "OMP_NUM_THREADS=2 har train --config uci_har --seed 0",
    ]


def test_the_environment_begins_with_what_the_weights_depend_on(tmp_path):
    environment = view_of(make_run(tmp_path / "run", make_windows(20)))["environment"]
    assert list(environment)[:3] == ["Device", "Threads", "Seed"]
    assert (environment["Device"], environment["Python"]) == ("cpu(0)", "3.11.7")


def test_a_number_of_threads_that_changed_is_told_and_is_not_in_the_command(tmp_path):
    run = make_run(tmp_path / "run", make_windows(20))
    changed = {"n_threads": None, "n_threads_by_epoch": [2, 2, 1, 1, 2]}
    change_json(run.manifest, lambda manifest: manifest["training"].update(changed))
    view = view_of(run)
    assert view["environment"]["Threads"] == "2, then 1, then 2: not repeatable bit for bit"
    assert view["command"].splitlines()[1] == "har train --config uci_har --seed 0"


def test_several_processes_are_told(tmp_path):
    run = make_run(tmp_path / "run", make_windows(20))
    assert "Processes" not in view_of(run)["environment"]
    change_json(run.manifest, lambda manifest: manifest["training"].update(n_processes=2))
    assert view_of(run)["environment"]["Processes"] == 2


def test_uncommitted_changes_are_told(tmp_path):
    run = make_run(tmp_path / "run", make_windows(20))
    change_json(run.manifest, lambda manifest: manifest["git"].update(is_dirty=True))
    assert view_of(run)["environment"]["Git commit"].endswith("with uncommitted changes")
