"""What is wrong is found, with readers made up for it."""

from __future__ import annotations

import logging
import os
import signal

import fuzzing.children
import pytest
from fuzzing.findings import Findings, shortened_input
from fuzzing.groups import Group
from fuzzing.session import run_groups
from fuzzing.single import judged_apart
from fuzzing.verdicts import WrongAnswerError

from har.errors import DataError

SAMPLE = {"a.txt": b"one,two\nthree,four\n", "b.txt": b"5\n"}


def group_of(read):
    return Group("made-up", 1, lambda: [SAMPLE], read)


def refuses(folder):
    raise DataError(f"{folder}: found 1, expected 2")


def raises(folder):
    return str(1 / 0)


def logs(folder):
    logging.getLogger("har.reading").warning("a name with \x1b[31m")


def dies(folder):
    os.kill(os.getpid(), signal.SIGSEGV)


def asks_for_much(folder):
    return str(len(bytes(2_000_000_000)))


def asks_for_much_and_refuses(folder):
    try:
        asks_for_much(folder)
    except MemoryError:
        raise DataError("found more than fits, expected less") from None


def never_ends(folder):
    while True:
        pass


def waits(folder):
    os.read(os.pipe()[0], 1)


def gives_nonsense(folder):
    raise WrongAnswerError("found nan")


def exits(folder):
    raise SystemExit(3)


@pytest.mark.parametrize(
    ("read", "kind"),
    [
        (lambda folder: None, "accepted"),
        (refuses, "refused"),
        (raises, "traceback"),
        (exits, "traceback"),
        (logs, "message"),
        (dies, "death"),
        (asks_for_much, "memory"),
        (asks_for_much_and_refuses, "memory"),
        (never_ends, "hang"),
        (waits, "hang"),
        (gives_nonsense, "value"),
    ],
)
def test_an_answer_is_judged(read, kind, tmp_path, monkeypatch):
    monkeypatch.setattr(fuzzing.children, "LIMIT_S", 0.2)
    monkeypatch.setattr(fuzzing.children, "LONGEST_WAIT_S", 2.0)
    verdict = judged_apart(group_of(read), tmp_path, SAMPLE)
    assert verdict.kind == kind, verdict
    assert verdict.is_right == (kind in ("accepted", "refused"))


def chokes_on_missing_comma(folder):
    """Fail at some inputs in two ways, one of which ends the process."""
    text = (folder / "a.txt").read_bytes() if (folder / "a.txt").exists() else b""
    if b"," not in text:
        raise KeyError("comma")
    if b"\xff" in text:
        os.abort()
    if not text.startswith(b"one"):
        raise DataError("found no one, expected it")


def session(folder, n_jobs, seed=0):
    folder.mkdir()
    findings = Findings(folder / "found")
    groups = [group_of(chokes_on_missing_comma)]
    (done,) = run_groups(groups, 600, seed, 100.0, n_jobs, folder / "scratch", findings)
    return done, findings


def test_a_session_finds_what_is_wrong_and_goes_on(tmp_path):
    done, findings = session(tmp_path / "a", 1)
    assert done.n_done == 600
    assert done.counts["findings"] == sum(findings.counts.values())
    kinds = {signature.split()[0] for _, signature in findings.counts}
    assert kinds == {"traceback", "death"}
    told = "\n".join(findings.lines())
    assert "KeyError" in told and "SIGABRT" in told and "--again" in told
    kept = list((tmp_path / "a" / "found").rglob("*.txt"))
    assert kept
    (short,) = (file for file in kept if "KeyError" in str(file) and file.name == "a.txt")
    assert short.read_bytes() == b""


def test_the_same_seed_gives_the_same_inputs_however_many_processes_there_are(tmp_path):
    one, of_one = session(tmp_path / "a", 1)
    two, of_two = session(tmp_path / "b", 2)
    other, of_other = session(tmp_path / "c", 1, seed=1)
    assert of_one.counts == of_two.counts and one.counts == two.counts
    assert one.pool == two.pool
    assert one.pool != other.pool


def test_nothing_is_begun_once_the_time_is_over(tmp_path):
    findings = Findings(tmp_path / "found")
    groups = [group_of(refuses)]
    (done,) = run_groups(groups, 100_000, 0, 0.5, 1, tmp_path / "scratch", findings)
    assert 0 < done.n_done < 100_000
    assert not findings.counts


def test_an_input_is_shortened_while_the_answer_stays_the_same():
    def read(files):
        return "bad" if b"x" in files["a"] else "good"

    files = {"a": b"line\n" * 50 + b"a long x line\n" + b"line\n" * 50, "b": b"12"}
    assert shortened_input(files, "bad", read) == {"a": b"x", "b": b""}
