"""Disks that are full, fail or are taken away: what was there stays whole, and one line says so."""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from builders import refused, small_windows, tiny_config
from command_line import TINY, the_one_line
from scored_run import make_epochs, make_run, make_windows

from har.classifier import ActivityClassifier
from har.cli.main import main
from har.datasets import cache
from har.datasets.dataset import TrainingSet
from har.errors import RunError
from har.files import append_line, whole_folder, write_frame, write_text, writing_to
from har.models.backend import mx
from har.recipes import load_config, save_config
from har.training import tensorboard
from har.training.history import EpochRecord

NUMBERS = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
SMALL = (*TINY, "--device", "cpu", "--training.n_epochs", "1", "--training.rotation_degrees", "0")


@pytest.fixture
def disk(tmp_path):
    """Give a function that mounts a disk of so many KiB, and puts it to another size later."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def of_size(n_kib):
        is_there = os.path.ismount(folder)
        options = f"size={n_kib}k" + (",remount" if is_there else "")
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("needs the right to mount a disk")
        return folder

    yield of_size
    if os.path.ismount(folder):
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder):
    """Leave no space in the folder of a small disk."""
    with (folder / "filling").open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"\0" * 512)
        except OSError:
            pass


@pytest.fixture
def small_data(monkeypatch):
    data = TrainingSet("small", small_windows(), "a builder")
    for verb in ("cross_validate", "tune", "baseline"):
        monkeypatch.setattr(f"har.cli.verbs.{verb}.open_training", lambda config: data)


@pytest.fixture
def recipe(tmp_path):
    save_config(load_config(SMALL[1], *SMALL[2:]), tmp_path / "small.yaml")
    return str(tmp_path / "small.yaml")


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def fails_with(number):
    def fail(*_arguments, **_options):
        raise OSError(number, os.strerror(number))

    return fail


TABLE = pd.DataFrame({"p": range(20_000)})


@pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet"])
def test_a_table_that_does_not_fit_leaves_the_earlier_one(suffix, disk):
    file = disk(64) / f"table{suffix}"
    write_frame(TABLE[:5], file)
    before = file.read_bytes()
    with refused(RunError, f"{file}: found ", "No space left on device"), writing_to(file, "file"):
        write_frame(TABLE.assign(q=TABLE["p"] * 0.123456789), file)
    assert names_in(file.parent) == [file.name]
    assert file.read_bytes() == before


def test_a_folder_that_does_not_fit_leaves_the_earlier_one(disk):
    folder = disk(64)
    with whole_folder(folder / "figures") as new:
        write_text(new / "one.svg", "one")
    with (
        pytest.raises(OSError, match="No space left on device"),
        whole_folder(folder / "figures") as new,
    ):
        write_text(new / "one.svg", "another" * 20_000)
    assert names_in(folder) == ["figures"]
    assert (folder / "figures" / "one.svg").read_text() == "one"


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_disk_that_fails_at_the_end_of_a_write_leaves_the_file(
    call, number, tmp_path, monkeypatch
):
    file = tmp_path / "manifest.json"
    write_text(file, "before")
    monkeypatch.setattr(*(("os.fsync",) if call == "fsync" else (Path, call)), fails_with(number))
    # The file is named, and not the temporary one.
    with pytest.raises(OSError, match=os.strerror(number)) as caught:
        write_text(file, "after")
    assert (caught.value.errno, caught.value.filename) == (number, str(file))
    monkeypatch.undo()
    assert names_in(tmp_path) == ["manifest.json"]
    assert file.read_text() == "before"


def test_a_line_that_does_not_fit_leaves_the_lines_before(disk):
    folder = disk(16)
    file = folder / "metrics.jsonl"
    append_line(file, '{"epoch": 1}')
    fill(folder)
    # There is some space left in the file's last block.
    with pytest.raises(OSError, match="No space left on device"):
        append_line(file, json.dumps({"epoch": 2, "text": "x" * 5000}))
    assert file.read_text() == '{"epoch": 1}\n'
    (folder / "filling").unlink()
    append_line(file, '{"epoch": 2}')
    assert file.read_text() == '{"epoch": 1}\n{"epoch": 2}\n'


@pytest.mark.parametrize("number", NUMBERS)
def test_an_epoch_or_recording_that_a_disk_did_not_take_is_not_counted(
    number, tmp_path, monkeypatch
):
    run = make_run(tmp_path / "run", make_windows(), n_epochs=2)
    before = run.metrics.read_bytes()
    monkeypatch.setattr("os.fsync", fails_with(number))
    with pytest.raises(OSError, match=os.strerror(number)):
        run.append_epoch({"epoch": 3})
    assert run.metrics.read_bytes() == before


@pytest.mark.parametrize(
    ("left", "expected"),
    [("", "c\n"), ("a\n", "a\nc\n"), ("a\nb", "a\nc\n"), ("b", "c\n"), ("a\n\n", "a\n\nc\n")],
)
def test_half_a_line_that_a_killed_process_left_is_replaced(left, expected, tmp_path):
    (tmp_path / "lines").write_text(left)
    append_line(tmp_path / "lines", "c")
    assert (tmp_path / "lines").read_text() == expected


def test_a_line_is_added_to_a_file_of_any_length(tmp_path, monkeypatch):
    monkeypatch.setattr("har.files._MOST_BYTES_OF_LINE", 8)
    for left, expected in (("1\n" * 9 + "x", "1\n" * 9 + "c\n"), ("x" * 9, "x" * 9 + "c\n")):
        (tmp_path / "lines").write_text(left)
        append_line(tmp_path / "lines", "c")
        assert (tmp_path / "lines").read_text() == expected


@pytest.fixture(scope="module")
def classifier():
    return ActivityClassifier(tiny_config()).fit(small_windows())


def test_weights_that_do_not_fit_leave_the_earlier_ones(classifier, disk):
    folder = disk(256)
    classifier.save(folder)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    fill(folder)
    with refused(RunError, f"{folder}: found ", "expected a folder to write to"):
        classifier.save(folder)
    (folder / "filling").unlink()
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_weights_whose_end_mxnet_lost_without_a_word_are_not_kept(
    classifier, tmp_path, monkeypatch
):
    classifier.save(tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    save = mx.nd.save

    def save_most(file, arrays):
        save(file, arrays)
        os.truncate(file, os.path.getsize(file) - 100)

    for module in (mx.nd, mx.nd.utils, mx.gluon.block.ndarray):
        monkeypatch.setattr(module, "save", save_most)
    with refused(RunError, f"{tmp_path}: found an export that MXNet could not complete"):
        classifier.save(tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_without_space_for_the_cache_work_goes_on(disk, monkeypatch, caplog):
    monkeypatch.setenv("HAR_CACHE", str(disk(4)))
    fill(disk(4))
    with caplog.at_level(logging.WARNING, "har"):
        cache.store("key", _data_set())
    (line,) = caplog.messages
    assert "cannot be written (" in line and "HAR_CACHE" in line


def _data_set():
    from har.datasets.dataset import DataSet

    windows = small_windows()
    return DataSet("small", windows, windows, "a builder", "fingerprint", ())


def test_a_cross_validation_ends_with_one_line_and_goes_on_later(disk, recipe, small_data, capsys):
    out = disk(32) / "cv"
    command = ["cv", "--config", recipe, "--folds", "3", "--seeds", "1", "--jobs", "1"]
    command += ["--out", str(out), "-q"]
    assert main(command) == 1
    assert "No space left on device" in the_one_line(capsys)
    assert not list(out.rglob(".partial-*"))
    for file in out.rglob("*.json"):
        assert json.loads(file.read_text())
    disk(4096)
    assert main(command) == 0
    assert (out / "cv.html").exists()


def test_a_search_ends_with_one_line_and_goes_on_later(disk, recipe, small_data, capsys):
    out = disk(160) / "tune"
    command = ["tune", "--config", recipe, "--model.hidden_size", "2..6", "--out", str(out), "-q"]
    assert main([*command, "--trials", "1"]) == 0
    capsys.readouterr()
    fill(out.parent)
    assert main([*command, "--trials", "2"]) == 1
    assert " found " in (line := the_one_line(capsys))
    assert "disk is full" in line or "No space left on device" in line
    (out.parent / "filling").unlink()
    disk(4096)
    assert main([*command, "--trials", "2"]) == 0
    assert pd.read_csv(out / "trials.csv")["state"].tolist().count("complete") == 2


def test_baselines_end_with_one_line(disk, recipe, small_data, capsys):
    folder = disk(4)
    fill(folder)
    command = ["baseline", "logistic_regression", "--config", recipe, "--folds", "2"]
    assert main([*command, "--out", str(folder / "b.json")]) == 1
    assert "b.json: found No space left on device" in the_one_line(capsys)
    assert names_in(folder) == ["filling"]


def test_a_report_ends_with_one_line_and_leaves_the_earlier_one(
    disk, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("har.cli.verbs.report.find_data", lambda _config: None)
    run = make_run(tmp_path / "run", make_windows())
    folder = disk(4096)
    shutil.copytree(run.path, folder / "run")
    write_text(folder / "run" / "report.html", "earlier")
    fill(folder)
    assert main(["report", str(folder / "run")]) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert f"{folder / 'run'}: found No space left on device" in line
    assert (folder / "run" / "report.html").read_text() == "earlier"
    assert not list(folder.rglob(".partial-*"))


def test_a_comparison_ends_with_one_line(disk, tmp_path, capsys):
    runs = [make_run(tmp_path / name, make_windows()).path for name in ("a", "b")]
    folder = disk(16)
    fill(folder)
    assert main(["compare", *map(str, runs), "--out", str(folder / "out")]) == 1
    assert "No space left on device" in the_one_line(capsys)
    assert [file.name for file in folder.rglob("*") if file.is_file()] == ["filling"]


def test_a_log_on_a_full_disk_ends_nothing(disk, monkeypatch, capsys):
    folder = disk(4)
    fill(folder)
    monkeypatch.setattr(
        "har.cli.verbs.inspect.run",
        lambda **_options: [
            logging.getLogger("har.cli.verbs.inspect").info("line %d", n) for n in (1, 2)
        ],
    )
    assert main(["inspect", "data", "--log-file", str(folder / "har.log")]) == 0
    told, *lines = capsys.readouterr().err.splitlines()
    assert "har.log: found No space left on device; no more is written to it" in told + lines[0]
    assert "line 1" in told + lines[0] and lines[-1] == "line 2"


@pytest.mark.parametrize("number", NUMBERS)
def test_events_that_a_disk_does_not_take_are_one_line(number, tmp_path, monkeypatch):
    epochs = (EpochRecord(**epoch) for epoch in make_epochs(3, True))
    records = tensorboard.with_event_files(epochs, tmp_path / "events")
    next(records)
    monkeypatch.setattr(tensorboard.RecordWriter, "flush", fails_with(number))
    with refused(RunError, f"events: found {os.strerror(number)}, expected a folder to write to"):
        list(records)


@pytest.mark.parametrize("number", NUMBERS)
def test_whatever_a_disk_refuses_is_one_line(number, monkeypatch, capsys):
    def fail(**_options):
        raise OSError(number, os.strerror(number), "runs/a/manifest.json")

    monkeypatch.setattr("har.cli.verbs.inspect.run", fail)
    assert main(["inspect", "data"]) == 1
    line = the_one_line(capsys)
    assert line.startswith(f"har: runs/a/manifest.json: found {os.strerror(number)}, expected ")


@pytest.mark.parametrize("is_buffered", [True, False])
def test_output_that_finds_no_space_is_one_line(is_buffered):
    code = (
        "import sys\nfrom har.cli import main\nfrom har.cli.verbs import inspect\n"
        "inspect.run = lambda **_: print('result')\n"
        "sys.exit(main.main(['inspect', 'data']))"
    )
    command = [sys.executable, *(() if is_buffered else ("-u",)), "-c", code]
    environment = {**os.environ, "PYTHONUNBUFFERED": ""}
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, env=environment
        )
    assert done.returncode == 1
    place = "standard output" if is_buffered else "har inspect"
    words = "found No space left on device, expected enough free space"
    assert done.stderr == f"har: {place}: {words}\n"
