"""Places that results are written to: looked at before any data is, and one command at a time."""

from __future__ import annotations

import shutil

import pytest
from command_line import TINY, the_one_line
from scored_run import make_run, make_windows

from har.cli.main import main
from har.runs.lock import held


@pytest.fixture(autouse=True)
def no_data(monkeypatch):
    """Let whatever opens data fail the test: a destination is looked at before."""

    def fail(*_arguments, **_options):
        pytest.fail("the data was read first")

    for verb in ("cross_validate", "tune", "baseline"):
        monkeypatch.setattr(f"har.cli.verbs.{verb}.open_training", fail)
    monkeypatch.setattr("har.cli.verbs.compare.read_runs", fail)
    monkeypatch.setattr("har.cli.verbs.predict.find_recordings", fail)
    monkeypatch.setattr("har.cli.verbs.predict.read_recording", fail)
    monkeypatch.setattr("har.cli.verbs.evaluate.open_data", fail)


@pytest.fixture
def a_run(tmp_path):
    return make_run(tmp_path / "run", make_windows())


def content_of(folder):
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def to_folder(verb, run, out):
    """Give a command line that writes to a folder."""
    return {
        "cv": ["cv", *TINY, "--out", str(out)],
        "tune": ["tune", *TINY, "--model.hidden_size", "2..6", "--out", str(out)],
        "predict": ["predict", str(run), "a.csv", "b.csv", "--out", str(out)],
        "compare": ["compare", str(run), str(run), "--out", str(out)],
    }[verb]


TO_FOLDERS = ("cv", "tune", "predict", "compare")


@pytest.mark.parametrize("verb", TO_FOLDERS)
def test_a_folder_in_which_another_process_works_is_refused(verb, a_run, tmp_path, capsys):
    out = tmp_path / "out"
    with held(out):
        (out / "file").touch()
        assert main(to_folder(verb, a_run.path, out)) == 1
        assert f"{out}: found another process" in the_one_line(capsys)
        assert [file.name for file in out.iterdir()] == ["file"]


def test_a_run_that_is_trained_is_not_overwritten(a_run, capsys):
    before = content_of(a_run.path)
    with held(a_run.path):
        assert main(["train", "--overwrite", "--out", str(a_run.path)]) == 1
    assert f"{a_run.path}: found another process" in the_one_line(capsys)
    assert content_of(a_run.path) == before


def test_a_run_that_is_trained_is_not_evaluated(a_run, capsys):
    before = content_of(a_run.path)
    with held(a_run.path):
        assert main(["evaluate", str(a_run.path)]) == 1
    assert f"{a_run.path}: found another process" in the_one_line(capsys)
    assert content_of(a_run.path) == before


def test_a_report_can_be_written_of_a_run_that_is_trained(a_run):
    a_run.predictions.unlink()
    with held(a_run.path):
        assert main(["report", str(a_run.path)]) == 0
    assert a_run.report.exists()


def test_searches_share_a_folder_and_others_do_not(a_run, tmp_path, capsys):
    out = tmp_path / "out"
    with held(out, is_shared=True):
        with pytest.raises(pytest.fail.Exception, match="the data was read first"):
            main(to_folder("tune", a_run.path, out))
        assert main(to_folder("cv", a_run.path, out)) == 1
    assert "found another process" in the_one_line(capsys)


@pytest.mark.parametrize("verb", TO_FOLDERS)
def test_a_file_in_the_place_of_a_folder_is_refused(verb, a_run, tmp_path, capsys):
    out = tmp_path / "out"
    for place in (out, out / "deep" / "folder"):
        out.write_text("mine")
        assert main(to_folder(verb, a_run.path, place)) == 1
        assert f"{place}: found " in (line := the_one_line(capsys))
        assert "expected a folder to write to" in line
    assert out.read_text() == "mine"


@pytest.mark.parametrize("verb", TO_FOLDERS)
def test_a_folder_that_cannot_be_written_to_is_refused(verb, a_run, tmp_path, capsys, monkeypatch):
    (tmp_path / "out").mkdir()
    monkeypatch.setattr("os.access", lambda *_arguments: False)
    assert main(to_folder(verb, a_run.path, tmp_path / "out")) == 1
    assert "found Permission denied, expected a folder to write to" in the_one_line(capsys)


@pytest.mark.parametrize("verb", ["cv", "tune"])
def test_a_folder_with_something_else_is_refused_and_left_as_it_is(verb, a_run, tmp_path, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    assert main(to_folder(verb, a_run.path, tmp_path / "out")) == 1
    assert str(tmp_path / "out") in the_one_line(capsys)
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["notes.txt"]


def to_file(verb, run, out):
    return {
        "predict": ["predict", str(run), "a.csv", "--out", str(out)],
        "windows": ["predict", str(run), "a.npy", "--out", str(out)],
        "baseline": ["baseline", "logistic_regression", "--out", str(out)],
    }[verb]


@pytest.mark.parametrize("verb", ["predict", "windows", "baseline"])
def test_a_file_that_cannot_be_written_is_refused(verb, a_run, tmp_path, capsys, monkeypatch):
    folder, file = tmp_path / "folder.csv", tmp_path / "file"
    folder.mkdir()
    file.write_text("mine")
    for place in (folder, file / "deep.csv"):
        assert main(to_file(verb, a_run.path, place)) == 1
        assert f"{place}: found " in (line := the_one_line(capsys))
        assert "expected a file to write to" in line
    monkeypatch.setattr("os.access", lambda *_arguments: False)
    assert main(to_file(verb, a_run.path, tmp_path / "new.csv")) == 1
    assert "new.csv: found Permission denied, expected a file" in the_one_line(capsys)
    assert not (tmp_path / "new.csv").exists()


@pytest.mark.parametrize("verb", ["predict", "windows"])
def test_a_file_in_a_folder_that_is_missing_is_refused(verb, a_run, tmp_path, capsys):
    place = tmp_path / "missing" / "t.csv"
    assert main(to_file(verb, a_run.path, place)) == 1
    assert f"{place}: found No such file or directory, expected a file" in the_one_line(capsys)


def test_a_device_is_not_replaced_by_a_file(a_run, capsys):
    assert main(to_file("predict", a_run.path, "/dev/null")) == 1
    assert "/dev/null: found a pipe or a device, expected a file" in the_one_line(capsys)


def test_a_cross_validation_that_is_there_goes_on(a_run, tmp_path):
    # Nothing of the checks is in the way of a folder that is not empty.
    shutil.copy(a_run.manifest, (tmp_path / "out").mkdir() or tmp_path / "out")
    with pytest.raises(pytest.fail.Exception, match="the data was read first"):
        main(to_folder("cv", a_run.path, tmp_path / "out"))
