from __future__ import annotations

from dataclasses import replace

from scored_run import make_run, make_windows

from har.report.scored_run import ScoredRun
from har.report.sections.reproduction import reproduction_section
from har.runs.manifest import Manifest


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


def test_uncommitted_changes_are_told(tmp_path):
    run = make_run(tmp_path / "run", make_windows(20))
    session = run.read_manifest().session
    changed = replace(session, git=replace(session.git, is_dirty=True))
    run.update_manifest(Manifest(session=changed))
    assert view_of(run)["environment"]["Git commit"].endswith("with uncommitted changes")
