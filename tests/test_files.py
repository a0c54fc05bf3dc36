from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import refused

from har.errors import RunError, UsageError
from har.files import (
    open_regular,
    read_regular,
    remove_leftovers,
    whole_folder,
    write_frame,
    write_text,
    write_whole,
    writing_to,
)


def fill_half_and_fail(path):
    path.write_text("half")
    raise ZeroDivisionError


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_text_is_written_as_utf_8_and_readable_by_all(tmp_path):
    write_text(tmp_path / "note.txt", "9.81 m/s²\n")
    assert (tmp_path / "note.txt").read_bytes() == "9.81 m/s²\n".encode()
    assert (tmp_path / "note.txt").stat().st_mode & 0o777 == 0o644
    assert names_in(tmp_path) == ["note.txt"]


def test_a_file_is_as_before_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "model.params"
    path.write_text("old")

    def write(temporary):
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert temporary.suffix == ".params"

    write_whole(path, write)
    assert path.read_text() == "new"


@pytest.mark.parametrize("before", [[], ["file.txt"]])
def test_a_failed_write_leaves_the_folder_as_it_was(tmp_path, before):
    for name in before:
        (tmp_path / name).write_text("old")
    with pytest.raises(ZeroDivisionError):
        write_whole(tmp_path / "file.txt", fill_half_and_fail)
    assert names_in(tmp_path) == before
    assert all((tmp_path / name).read_text() == "old" for name in before)


def test_a_file_in_a_missing_folder_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="missing"):
        write_text(tmp_path / "missing" / "file.txt", "text")


def test_a_folder_takes_the_place_of_the_old_one_at_once(tmp_path):
    path = tmp_path / "deep" / "cache"
    for content in ("old", "new"):
        with whole_folder(path) as temporary:
            (temporary / content).touch()
            assert not (path / content).exists()
        assert names_in(path) == [content]
    assert path.stat().st_mode & 0o777 == 0o755
    assert names_in(path.parent) == ["cache"]


def test_a_folder_that_fails_leaves_the_old_one(tmp_path):
    with whole_folder(tmp_path / "cache") as temporary:
        (temporary / "old").touch()
    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "cache") as temporary:
        fill_half_and_fail(temporary / "new")
    assert names_in(tmp_path) == ["cache"]
    assert names_in(tmp_path / "cache") == ["old"]


_WRITE = """
import sys
from pathlib import Path
from har.files import whole_folder, write_whole
out, what = Path(sys.argv[1]), sys.argv[2]
def half(path):
    (path / "file" if path.is_dir() else path).write_text("half")
    print("half", flush=True)
    sys.stdin.read()
if what == "file":
    write_whole(out, half)
else:
    with whole_folder(out) as folder:
        half(folder)
"""


@contextmanager
def writing_process(out, what):
    """Start a process that is in the middle of writing."""
    command = [sys.executable, "-c", _WRITE, str(out), what]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        assert process.stdout.readline() == "half\n"
        yield process


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_a_killed_process_left_is_removed_by_the_next_and_no_earlier(what, tmp_path):
    (tmp_path / "out").mkdir() if what == "folder" else (tmp_path / "out").write_text("old")
    with writing_process(tmp_path / "out", what) as process:
        (left,) = tmp_path.glob(".partial-*")
        remove_leftovers(tmp_path)
        assert left.exists()
        process.kill()
    assert left.exists()
    write_text(tmp_path / "another.txt", "")
    assert names_in(tmp_path) == ["another.txt", "out"]


def test_a_process_that_others_clean_behind_writes_its_file(tmp_path):
    with writing_process(tmp_path / "out", "file") as process:
        write_text(tmp_path / "another.txt", "")
        process.communicate("go on")
    assert (tmp_path / "out").read_text() == "half"
    assert names_in(tmp_path) == ["another.txt", "out"]


def test_a_file_that_was_taken_for_a_leftover_is_made_anew(tmp_path, monkeypatch):
    flock, n_calls = fcntl.flock, []

    def removed_first(descriptor, kind):
        if not n_calls:
            next(tmp_path.glob(".partial-*")).unlink()
        n_calls.append(kind)
        flock(descriptor, kind)

    monkeypatch.setattr("fcntl.flock", removed_first)
    write_text(tmp_path / "file.txt", "text")
    assert len(n_calls) == 2
    assert names_in(tmp_path) == ["file.txt"]


def test_a_folder_that_is_removed_during_a_write_is_told(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    with pytest.raises(FileNotFoundError) as caught:
        write_whole(folder / "manifest.json", lambda _temporary: shutil.rmtree(folder))
    assert caught.value.filename == str(folder / "manifest.json")


def test_without_locks_what_is_left_is_a_day_old(tmp_path, monkeypatch):
    def fail(_descriptor, _operation):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", fail)
    new, old = tmp_path / ".partial-abcdefgh.csv", tmp_path / ".partial-01234567"
    new.touch()
    old.mkdir()
    os.utime(old, (0, time.time() - 25 * 3600))
    remove_leftovers(tmp_path)
    assert names_in(tmp_path) == [new.name]
    write_text(tmp_path / "file.txt", "text")
    assert (tmp_path / "file.txt").read_text() == "text"


def test_files_of_other_names_are_nobodys_leftovers(tmp_path):
    mine = [".partial-results", ".partial-", "partial-abcdefgh", ".partial-ABCDEFGH.csv"]
    for name in mine:
        (tmp_path / name).touch()
    (tmp_path / "elsewhere").touch()
    # One that leads elsewhere, and one that would be waited for.
    (tmp_path / ".partial-abcdefgh").symlink_to("elsewhere")
    os.mkfifo(tmp_path / ".partial-abcdefgi")
    remove_leftovers(tmp_path)
    kept = [*mine, "elsewhere", ".partial-abcdefgh"]
    assert set(names_in(tmp_path)) - {".partial-abcdefgi"} == set(kept)


TABLE = pd.DataFrame({"start_s": [0.0, 86390.72], "activity": ["REST", "WALK"], "p": [1 / 3, 1.0]})


def test_csv_keeps_eight_digits(tmp_path):
    write_frame(TABLE, tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text().splitlines() == [
        "start_s,activity,p",
        "0,REST,0.33333333",
        "86390.72,WALK,1",
    ]


@pytest.mark.parametrize("suffix", ["parquet", "PARQUET", "pq"])
def test_the_suffix_asks_for_parquet_which_keeps_all_digits(suffix, tmp_path):
    write_frame(TABLE, tmp_path / f"table.{suffix}")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / f"table.{suffix}"), TABLE)


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with refused(UsageError, "table.parquet", "gluon-har[parquet]"):
        write_frame(TABLE, tmp_path / "table.parquet")
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_earlier_file(tmp_path):
    file = tmp_path / "table.parquet"
    write_frame(TABLE, file)
    with pytest.raises(Exception, match="np.complex128|complex128"):
        write_frame(pd.DataFrame({"z": np.array([1j])}), file)
    assert [path.name for path in tmp_path.iterdir()] == ["table.parquet"]
    pd.testing.assert_frame_equal(pd.read_parquet(file), TABLE)


@pytest.mark.parametrize(("kind", "expected"), [((), "folder"), (("file",), "file")])
def test_what_cannot_be_written_is_told_with_what_was_expected(kind, expected, tmp_path):
    place = tmp_path / "nowhere" / "out"
    words = f"{place}: found No such file or directory, expected a {expected} to write to"
    with refused(RunError, words), writing_to(place, *kind):
        write_text(place, "")


def test_a_table_as_json_is_standard_and_the_same_each_time(tmp_path):
    values = [0.1 + 0.2, float("nan"), float("inf")]
    table = pd.DataFrame({"a": values, "is": [True, False, True], "name": ["ä", '"', "x"]})
    for name in ("one.json", "other.json"):
        write_frame(table, tmp_path / name)
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "other.json").read_bytes()

    def refuse(word):
        raise AssertionError(word)

    rows = json.loads((tmp_path / "one.json").read_text("utf-8"), parse_constant=refuse)
    assert rows == [
        {"a": 0.3, "is": True, "name": "ä"},
        {"a": None, "is": False, "name": '"'},
        {"a": None, "is": True, "name": "x"},
    ]


def test_a_regular_file_is_read_up_to_a_bound(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"{}")
    assert read_regular(path, 2) == b"{}"
    with pytest.raises(OSError, match="more than 1 bytes"):
        read_regular(path, 1)


def test_what_is_no_regular_file_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(OSError, match="a pipe or a device, not a regular file"):
            read_regular(path, 10)
    with pytest.raises(IsADirectoryError, match="Is a directory"):
        open_regular(tmp_path)
