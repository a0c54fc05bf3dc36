"""``har predict`` on recordings and ``har stream``, run as a person would, on real signals."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from command_line import PEAK_MB, the_one_line

import har
from har.cli.main import main
from har.datasets.file_trees import trees_at
from har.datasets.hapt_recordings import read_recordings
from har.errors import Interrupted
from har.signals.channels import RAW_CHANNELS

HEADING = ",".join(("time_s", *RAW_CHANNELS))


@pytest.fixture(scope="module")
def samples(data_root):
    """40 s of the first recording of subject 2, a test subject."""
    (tree,) = list(trees_at(data_root / "hapt.zip"))
    return read_recordings(tree)[4].samples[8000:10_000]


@pytest.fixture(scope="module")
def walk(samples, tmp_path_factory):
    file = tmp_path_factory.mktemp("recordings") / "walk.csv"
    write_csv(file, samples)
    return file


def table_of(samples):
    table = pd.DataFrame(samples, columns=RAW_CHANNELS)
    table.insert(0, "time_s", np.arange(len(samples)) / 50)
    return table


def write_csv(file, samples):
    table_of(samples).to_csv(file, index=False)


def predict(run, *arguments):
    return main(["predict", str(run), *map(str, arguments)])


def start_stream(run, *arguments):
    """Start ``har stream`` in a process of its own, ready for samples."""
    command = [sys.executable, "-m", "har", "stream", str(run), *arguments]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, bufsize=1)
    assert "ready" in process.stderr.readline()
    return process


def stream(run, lines, *arguments):
    """Give what a stream says of lines, and its last words."""
    process = start_stream(run, *arguments)
    out, errors = process.communicate("".join(f"{line}\n" for line in lines), timeout=1200)
    assert process.returncode == 0, errors
    return [json.loads(line) for line in out.splitlines()], errors.strip().splitlines()[-1]


def test_predict_writes_a_timeline_its_segments_and_its_assumptions(run, walk, tmp_path, capsys):
    out = tmp_path / "timeline.csv"
    assert predict(run, walk, "--out", out) == 0
    errors = capsys.readouterr().err
    about = json.loads((tmp_path / "timeline-about.json").read_text())
    assert about["notes"]
    for note in about["notes"]:
        assert f"note: {note}" in errors
    assert f"{walk}: 40" in errors
    assert "timeline-segments.csv" in errors
    timeline, segments = pd.read_csv(out), pd.read_csv(tmp_path / "timeline-segments.csv")
    assert len(timeline) == (2000 - 128) // 64 + 1
    assert segments["n_windows"].sum() == len(timeline)
    classifier = har.ActivityClassifier.load(run)
    expected = classifier.predict_recording(har.read_recording(walk))
    pd.testing.assert_frame_equal(timeline, expected, rtol=1e-7)


def test_predict_reads_and_writes_parquet_by_suffix(run, samples, walk, tmp_path):
    table_of(samples).to_parquet(tmp_path / "walk.parquet")
    assert predict(run, tmp_path / "walk.parquet", "--out", tmp_path / "t.parquet") == 0
    assert predict(run, walk, "--out", tmp_path / "t.csv") == 0
    from_parquet = pd.read_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(from_parquet, pd.read_csv(tmp_path / "t.csv"), rtol=1e-7)
    assert (tmp_path / "t-segments.parquet").exists()


def test_without_out_the_timeline_goes_to_standard_output(run, walk, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert predict(run, walk) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("start_s,end_s,activity,probability,p_WALKING,")
    assert "Segments" not in captured.out
    assert not list(tmp_path.iterdir())


def test_plot_draws_a_picture_and_a_page(run, walk, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert predict(run, walk, "--plot") == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "walk-timeline.html",
        "walk-timeline.png",
    ]


def test_the_truth_is_drawn_and_compared_with(run, walk, tmp_path, capsys):
    truth = tmp_path / "recordings.csv"
    truth.write_text("file,subject,start_s,end_s,activity\nwalk.csv,2,0,40,WALKING\n")
    assert predict(run, walk, "--out", tmp_path / "t.csv", "--plot", "--truth", truth) == 0
    n_right = (pd.read_csv(tmp_path / "t.csv")["activity"] == "WALKING").sum()
    assert f"{n_right} of 30 windows that lie in one labelled segment" in capsys.readouterr().err
    assert ">true<" in (tmp_path / "t.html").read_text()


def test_windows_that_are_not_sure_enough_are_unknown(run, walk, tmp_path, capsys):
    truth = tmp_path / "recordings.csv"
    truth.write_text("file,subject,start_s,end_s,activity\nwalk.csv,2,0,40,WALKING\n")
    assert predict(run, walk, "--out", tmp_path / "always.csv") == 0
    always = pd.read_csv(tmp_path / "always.csv")
    threshold = round(always["probability"].median(), 3)
    out = tmp_path / "t.csv"
    options = ["--abstain-below", threshold, "--out", out, "--plot", "--truth", truth]
    capsys.readouterr()
    assert predict(run, walk, *options) == 0
    is_unknown = always["probability"] < threshold
    expected = always.assign(activity=always["activity"].mask(is_unknown, "UNKNOWN"))
    timeline, n_unknown = pd.read_csv(out), int(is_unknown.sum())
    pd.testing.assert_frame_equal(timeline, expected)
    segments = pd.read_csv(tmp_path / "t-segments.csv")
    of_segments = segments[segments["activity"] == "UNKNOWN"]
    assert of_segments["n_windows"].sum() == n_unknown > 0
    errors = capsys.readouterr().err
    assert f"30 windows ({n_unknown} UNKNOWN: no probability reaches {threshold:g})" in errors
    assert f"{30 - n_unknown} of 30 windows that lie in one labelled segment are answered" in errors
    said, summary = stream(run, walk.read_text().splitlines(), "--abstain-below", str(threshold))
    assert [row["activity"] for row in said] == timeline["activity"].tolist()
    assert summary.endswith(f"UNKNOWN {n_unknown} of 30 windows")


def test_units_columns_and_rate_can_be_said(run, samples, walk, tmp_path):
    factors = np.repeat([9.80665, 180 / np.pi], 3)
    odd = pd.DataFrame(samples * factors, columns=list("ABCDEF"))
    odd.to_csv(tmp_path / "odd.csv", index=False)
    columns = ",".join(f"{name}={letter}" for name, letter in zip(RAW_CHANNELS, odd, strict=True))
    said = ["--columns", columns, "--rate-hz", "50", "--acc-unit", "m/s2", "--gyro-unit", "deg/s"]
    assert predict(run, tmp_path / "odd.csv", *said, "--out", tmp_path / "odd-t.csv") == 0
    assert predict(run, walk, "--out", tmp_path / "t.csv") == 0
    odd_timeline, timeline = (pd.read_csv(tmp_path / name) for name in ("odd-t.csv", "t.csv"))
    pd.testing.assert_frame_equal(odd_timeline, timeline, atol=1e-4)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "walk.csv"),
        (f"{HEADING}\n0,0,0,1,0,0,0\n", "walk.csv"),
        ("time_s,heart_rate\n0,60\n", "acc_x"),
    ],
)
def test_a_recording_that_cannot_be_used_is_one_line(run, content, words, tmp_path, capsys):
    (tmp_path / "walk.csv").write_text(content)
    assert predict(run, tmp_path / "walk.csv", "--out", tmp_path / "t.csv") == 1
    assert words in the_one_line(capsys)
    assert not (tmp_path / "t.csv").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        ["--columns", "acc_x"],
        ["--rate-hz", "-1"],
        ["--rate-hz", "fast"],
        ["--time-unit", "h"],
        ["--acc-unit", "lb"],
        *(["--abstain-below", text] for text in ("0", "-0.5", "1.01", "nan", "often")),
    ],
)
def test_a_wrong_option_is_a_wrong_command_line(run, walk, wrong, capsys):
    with pytest.raises(SystemExit) as caught:
        predict(run, walk, *wrong)
    assert caught.value.code == 2
    assert wrong[0] in capsys.readouterr().err


def test_options_for_recordings_do_not_go_with_windows(run, tmp_path, capsys):
    assert predict(run, tmp_path / "windows.npy", "--plot") == 2
    assert "--plot" in the_one_line(capsys)


def test_a_stream_says_the_same_as_predict(run, walk, tmp_path):
    assert predict(run, walk, "--out", tmp_path / "t.csv") == 0
    timeline = pd.read_csv(tmp_path / "t.csv")
    said, summary = stream(run, walk.read_text().splitlines())
    assert [row["start_s"] for row in said] == pytest.approx(timeline["start_s"].tolist())
    assert [row["activity"] for row in said] == timeline["activity"].tolist()
    assert [row["warming_up"] for row in said] == timeline["warming_up"].tolist()
    for name in said[0]["probabilities"]:
        live = [row["probabilities"][name] for row in said]
        np.testing.assert_allclose(live, timeline[f"p_{name}"], rtol=0, atol=1e-5)
    assert summary == "lines: 2001, malformed: 0, filled in: 0, dropped: 0, gaps: 0"


def test_json_lines_in_other_units_say_the_same(run, samples):
    lines = [json.dumps(sample) for sample in samples.tolist()]
    factors = np.repeat([9.80665, 180 / np.pi], 3)
    names = [f"{{{', '.join(f'{json.dumps(n)}: %r' for n in RAW_CHANNELS)}}}"][0]
    converted = [names % tuple(sample) for sample in (samples * factors).tolist()]
    said, _ = stream(run, lines)
    said_again, _ = stream(run, converted, "--acc-unit", "m/s2", "--gyro-unit", "deg/s")
    assert [row["activity"] for row in said_again] == [row["activity"] for row in said]


def test_malformed_lines_are_counted_and_do_not_stop_or_shift_a_stream(run, walk):
    lines = walk.read_text().splitlines()
    broken = [*lines[:1000], "\x00\xff garbage", "{", *lines[1002:]]
    said, summary = stream(run, lines)
    said_of_broken, summary_of_broken = stream(run, broken)
    assert [row["start_s"] for row in said_of_broken] == [row["start_s"] for row in said]
    assert "malformed: 2 (line 1001:" in summary_of_broken
    assert "filled in: 2" in summary_of_broken


def test_a_window_is_told_while_the_stream_goes_on_in_time(run, walk):
    lines = walk.read_text().splitlines()
    process = start_stream(run)
    delays_s = []
    # A window of 128 samples, then every 64; the median waits for one sample more.
    ends = {129 + 64 * number for number in range(20)}
    for number, line in enumerate(lines):
        started_s = time.perf_counter()
        process.stdin.write(f"{line}\n")
        if number in ends:
            told = json.loads(process.stdout.readline())
            delays_s.append(time.perf_counter() - started_s)
            assert told["end_s"] == pytest.approx((number - 1) / 50)
    process.communicate(timeout=600)
    assert len(delays_s) == 20
    # A few milliseconds on a quiet machine (scripts/stream_latency.py). However busy it is, each is
    # told before the next window could be complete: 64 samples at 50 Hz later.
    assert statistics.median(delays_s) < 1.28


def test_ctrl_c_ends_a_stream_with_its_summary(run, walk):
    process = start_stream(run)
    process.stdin.write("".join(walk.read_text().splitlines(keepends=True)[:200]))
    process.stdin.flush()
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=600)
    assert process.returncode == Interrupted.exit_status
    assert "Traceback" not in errors
    assert errors.splitlines()[-2].startswith("lines: ")


def test_a_stream_at_another_rate_is_refused(run, samples):
    process = start_stream(run)
    lines = [",".join(map(str, (number / 100, *row))) for number, row in enumerate(samples)]
    _, errors = process.communicate("\n".join([HEADING, *lines]), timeout=600)
    assert process.returncode == 1
    assert "found 100 samples a second, expected 50" in errors


@pytest.mark.slow
def test_a_day_at_50_hz_takes_less_than_a_minute_and_a_gigabyte(run, samples, tmp_path):
    day = tmp_path / "day.csv"
    n_samples, rows = 24 * 3600 * 50, table_of(samples)
    with day.open("w") as file:
        for first in range(0, n_samples, len(rows)):
            rows["time_s"] = (first + np.arange(len(rows))) / 50
            rows.to_csv(file, index=False, header=first == 0)
    code = f"import sys; from har.cli.main import main; main(sys.argv[1:]); print({PEAK_MB})"
    # Of one core, and not the clock's: other programs may keep all of them busy.
    code += "; import time; print(time.process_time(), file=sys.stderr)"
    command = ["predict", str(run), str(day), "--out", str(tmp_path / "timeline.csv"), "--plot"]
    done = subprocess.run(
        [sys.executable, "-c", code, *command],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    duration_s = float(done.stderr.splitlines()[-1])
    assert len(pd.read_csv(tmp_path / "timeline.csv")) == (n_samples - 128) // 64 + 1
    assert duration_s < 60
    assert int(done.stdout) < 1000


@pytest.fixture(scope="session")
def windows_file(tmp_path_factory, uci_har):
    file = tmp_path_factory.mktemp("windows") / "windows.npy"
    np.save(file, uci_har.test.signals[:50])
    return file


def test_predict_says_the_same_as_the_evaluation(run, windows_file, tmp_path):
    out = tmp_path / "predictions.csv"
    assert main(["predict", str(run), str(windows_file), "--out", str(out)]) == 0
    table, expected = pd.read_csv(out), pd.read_csv(run / "predictions.csv")[:50]
    pd.testing.assert_frame_equal(table, expected.drop(columns=["subject", "true"]), rtol=1e-5)


def test_predict_writes_to_standard_output_and_sums_up_elsewhere(run, windows_file, capsys):
    assert main(["predict", str(run), str(windows_file)]) == 0
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 51
    assert "50 windows" in captured.err


def test_predict_answers_unknown_below_the_threshold(run, windows_file, tmp_path, capsys):
    always, cautious = tmp_path / "always.csv", tmp_path / "cautious.csv"
    assert main(["predict", str(run), str(windows_file), "--out", str(always)]) == 0
    expected = pd.read_csv(always)
    highest = expected.filter(like="p_").max(axis=1)
    threshold = round(float(highest.median()), 4)
    capsys.readouterr()
    options = ["--abstain-below", str(threshold), "--out", str(cautious)]
    assert main(["predict", str(run), str(windows_file), *options]) == 0
    is_unknown = highest < threshold
    expected["predicted"] = expected["predicted"].mask(is_unknown, "UNKNOWN")
    pd.testing.assert_frame_equal(pd.read_csv(cautious), expected)
    assert f"UNKNOWN {is_unknown.mean():.1%}" in capsys.readouterr().err


def test_predict_refuses_what_is_no_array(run, tmp_path, capsys):
    (tmp_path / "walk.npy").write_text("time,acc_x\n0,1\n")
    assert main(["predict", str(run), str(tmp_path / "walk.npy")]) == 1
    assert "walk.npy" in the_one_line(capsys)


def test_predict_to_a_place_that_cannot_be_written_is_one_line(run, windows_file, tmp_path, capsys):
    out = tmp_path / "no folder" / "out.csv"
    assert main(["predict", str(run), str(windows_file), "--out", str(out)]) == 1
    assert str(out) in the_one_line(capsys)


def test_a_reader_that_closes_the_pipe_gets_no_traceback(run, windows_file):
    command = f"{sys.executable} -m har predict {run} {windows_file} | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("index,predicted,p_WALKING")
    assert "Traceback" not in done.stderr
