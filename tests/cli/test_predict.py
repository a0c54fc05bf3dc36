"""``har predict`` on recordings and windows, run as a person would, on real signals."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from command_line import PEAK_MB, stream, the_one_line
from written_recordings import table_of, write_csv

import har
from har.cli.main import main
from har.inference.context import MarkovContext
from har.signals.channels import RAW_CHANNELS

HEADING = ",".join(("time_s", *RAW_CHANNELS))


def predict(run, *arguments):
    return main(["predict", str(run), *map(str, arguments)])


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


def test_the_gyroscope_may_be_in_a_file_of_its_own(run, samples, tmp_path):
    whole = table_of(samples[:2000])
    files = {"walk": list(RAW_CHANNELS), "acc": RAW_CHANNELS[:3], "gyro": RAW_CHANNELS[3:]}
    for name, channels in files.items():
        whole[["time_s", *channels]].to_csv(tmp_path / f"{name}.csv", index=False)
    apart = ("acc.csv", "--gyro", tmp_path / "gyro.csv")
    for out, (file, *options) in {"one.csv": ("walk.csv",), "two.csv": apart}.items():
        assert predict(run, tmp_path / file, *options, "--out", tmp_path / out) == 0
    assert (tmp_path / "one.csv").read_text() == (tmp_path / "two.csv").read_text()


def test_windows_that_are_not_sure_enough_are_unknown(run, walk, tmp_path, capsys):
    truth = tmp_path / "recordings.csv"
    truth.write_text("file,subject,start_s,end_s,activity\nwalk.csv,2,0,40,WALKING\n")
    assert predict(run, walk, "--out", tmp_path / "always.csv") == 0
    always = pd.read_csv(tmp_path / "always.csv")
    threshold = round(always["probability"].median(), 3)
    is_unknown_alone = always["probability_alone"] < threshold
    out = tmp_path / "t.csv"
    options = ["--abstain-below", threshold, "--out", out, "--plot", "--truth", truth]
    capsys.readouterr()
    assert predict(run, walk, *options) == 0
    is_unknown = always["probability"] < threshold
    expected = always.assign(
        activity=always["activity"].mask(is_unknown, "UNKNOWN"),
        activity_alone=always["activity_alone"].mask(is_unknown_alone, "UNKNOWN"),
    )
    timeline, n_unknown = pd.read_csv(out), int(is_unknown.sum())
    pd.testing.assert_frame_equal(timeline, expected)
    segments = pd.read_csv(tmp_path / "t-segments.csv")
    of_segments = segments[segments["activity"] == "UNKNOWN"]
    assert of_segments["n_windows"].sum() == n_unknown > 0
    errors = capsys.readouterr().err
    assert f"30 windows ({n_unknown} UNKNOWN: no probability reaches {threshold:g})" in errors
    assert f"{30 - n_unknown} of 30 windows that lie in one labelled segment are answered" in errors
    said, summary = stream(run, walk.read_text().splitlines(), "--abstain-below", str(threshold))
    assert [row["activity"] for row in said] == timeline["activity_alone"].tolist()
    assert summary.endswith(f"UNKNOWN {is_unknown_alone.sum()} of 30 windows")


def test_each_window_is_judged_with_those_around_it_or_by_itself(run, walk, tmp_path, capsys):
    for context in ("markov", "none"):
        out = tmp_path / f"{context}.csv"
        assert predict(run, walk, "--context", context, "--out", out, "--plot") == 0
    summary = capsys.readouterr().err
    markov, none = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("markov", "none"))
    assert predict(run, walk, "--out", tmp_path / "default.csv") == 0
    assert (tmp_path / "default.csv").read_text() == (tmp_path / "markov.csv").read_text()
    shares = none.filter(like="p_")
    expected = MarkovContext.lasting(6).smoothed(shares.to_numpy())
    np.testing.assert_allclose(markov[list(shares)], expected, atol=1e-6)
    assert markov["activity_alone"].tolist() == none["activity"].tolist()
    pd.testing.assert_series_equal(
        markov["probability_alone"], none["probability"], check_names=False
    )
    assert "activity_alone" not in none
    for name in ("warming_up", "strangeness", "is_strange"):
        pd.testing.assert_series_equal(markov[name], none[name])
    n_changed = int((markov["activity"] != none["activity"]).sum())
    words = f"indows are judged with those around them, which changed the activity of {n_changed}"
    assert summary.count(words) == 1
    about = [
        json.loads((tmp_path / f"{name}-about.json").read_text()) for name in ("markov", "none")
    ]
    assert [file["context"] for file in about] == ["markov", "none"]
    assert [file["n_changed_by_context"] for file in about] == [n_changed, None]
    assert words in (tmp_path / "markov.html").read_text()
    assert "with those around" not in (tmp_path / "none.html").read_text()


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


@pytest.fixture
def in_pouch(samples, tmp_path):
    """The walk of a person whose phone stands upright: what was x is y."""
    file = tmp_path / "pouch.csv"
    write_csv(file, samples[:, [1, 0, 2, 4, 3, 5]] * np.tile([-1, 1, 1], 2))
    return file


def test_a_phone_that_is_worn_otherwise_is_doubted_aloud_in_every_output(
    run, walk, in_pouch, tmp_path, capsys
):
    assert predict(run, walk, "--out", tmp_path / "walk.csv") == 0
    assert "doubt" not in capsys.readouterr().err
    assert predict(run, in_pouch, "--out", tmp_path / "t.csv", "--plot") == 0
    assert "  doubt: the phone is worn otherwise" in capsys.readouterr().err
    (doubt,) = json.loads((tmp_path / "t-about.json").read_text())["doubts"]
    assert "--upright y, or --upright auto, turns it" in doubt
    assert doubt in (tmp_path / "t.html").read_text()


def test_upright_cures_it_and_says_so(run, walk, in_pouch, tmp_path, capsys):
    assert predict(run, walk, "--out", tmp_path / "walk.csv") == 0
    expected = pd.read_csv(tmp_path / "walk.csv")
    assert predict(run, in_pouch, "--upright", "y", "--out", tmp_path / "y.csv") == 0
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "y.csv"), expected, atol=1e-3)
    capsys.readouterr()
    assert predict(run, in_pouch, "--upright", "auto", "--out", tmp_path / "auto.csv") == 0
    errors = capsys.readouterr().err
    assert "note: upright: " in errors
    assert "doubt" not in errors


def test_an_axis_may_begin_with_its_sign(run, walk, tmp_path, capsys):
    assert predict(run, walk, "--upright", "-x", "--out", tmp_path / "t.csv") == 0
    assert "note: upright: -x taken to point up" in capsys.readouterr().err


def test_strange_windows_are_marked_and_counted(run, walk, tmp_path, capsys):
    assert predict(run, walk, "--out", tmp_path / "t.csv") == 0
    timeline = pd.read_csv(tmp_path / "t.csv")
    n_strange = int((timeline["strangeness"] > 1).sum())
    assert timeline["is_strange"].sum() == n_strange
    words = f"{n_strange} of 30 windows are unlike anything in training"
    assert words in capsys.readouterr().err


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
        ["--upright", "up"],
        ["--context", "some"],
        *(["--abstain-below", text] for text in ("-0.5", "1.01", "nan", "often")),
    ],
)
def test_a_wrong_option_is_a_wrong_command_line(run, walk, wrong, capsys):
    with pytest.raises(SystemExit) as caught:
        predict(run, walk, *wrong)
    assert caught.value.code == 2
    assert wrong[0] in capsys.readouterr().err


def test_options_for_recordings_do_not_go_with_windows(run, tmp_path, capsys):
    for option in (["--plot"], ["--upright", "auto"], ["--context", "none"]):
        assert predict(run, tmp_path / "windows.npy", *option) == 2
        assert option[0] in the_one_line(capsys)


@pytest.mark.parametrize("what", ["walk", "windows"])
def test_out_with_the_ending_of_json_is_json(what, run, walk, windows_file, tmp_path):
    file = walk if what == "walk" else windows_file
    for name in ("t.json", "t.csv"):
        assert predict(run, file, "--out", tmp_path / name) == 0
    rows = json.loads((tmp_path / "t.json").read_text())
    pd.testing.assert_frame_equal(pd.DataFrame(rows), pd.read_csv(tmp_path / "t.csv"), rtol=1e-7)
    if what == "walk":
        assert json.loads((tmp_path / "t-segments.json").read_text())
        assert json.loads((tmp_path / "t-about.json").read_text())["n_windows"] == len(rows)


def test_an_ending_that_cannot_be_written_is_refused(run, walk, tmp_path, capsys):
    assert predict(run, walk, "--out", tmp_path / "t.xlsx") == 2
    assert "found .xlsx, expected .csv, .json or .parquet" in the_one_line(capsys)


@pytest.fixture
def walks(samples, tmp_path):
    """Three recordings, one of them in a folder below, and a file that is none."""
    folder = tmp_path / "walks"
    (folder / "more").mkdir(parents=True)
    for number, name in enumerate(("a", "b", "more/a")):
        write_csv(folder / f"{name}.csv", samples[number * 100 :])
    (folder / "broken.csv").write_text("heart_rate\n60\n")
    return folder


def test_each_recording_gets_a_timeline_and_a_row_and_a_broken_one_ends_nothing(
    run, walks, tmp_path, capsys
):
    out = tmp_path / "out"
    assert predict(run, walks, "--out", out, "--jobs", "1") == 1
    errors = capsys.readouterr().err.splitlines()
    assert "found 1 of 4 recordings" in errors[-1]
    summary = pd.read_csv(out / "summary.csv")
    names = [str(walks / name) for name in ("a.csv", "b.csv", "broken.csv", "more/a.csv")]
    assert summary["file"].tolist() == names
    assert summary["error"].notna().tolist() == [False, False, True, False]
    assert predict(run, walks / "more" / "a.csv", "--out", tmp_path / "one.csv") == 0
    assert (out / "more" / "a-timeline.csv").read_text() == (tmp_path / "one.csv").read_text()
    segments = pd.read_csv(tmp_path / "one-segments.csv")
    walked = segments[segments["activity"] == "WALKING"]
    row = summary.iloc[3]
    assert row["duration_s"] == 36
    assert row["seconds_WALKING"] == pytest.approx((walked["end_s"] - walked["start_s"]).sum())
    assert row["share_unknown"] == 0


def test_a_batch_goes_on_where_it_stopped(run, walks, samples, tmp_path, capsys, monkeypatch):
    (walks / "broken.csv").unlink()
    out, command = tmp_path / "out", (f"{walks}/**/*.csv", "--jobs", "1")
    assert predict(run, *command, "--out", out) == 0
    first = {file: file.stat().st_mtime_ns for file in out.rglob("*-timeline.csv")}
    table = (out / "summary.csv").read_bytes()
    assert len(first) == 3
    assert predict(run, *command, "--out", out) == 0
    assert {file: file.stat().st_mtime_ns for file in first} == first
    assert (out / "summary.csv").read_bytes() == table
    assert f"{out}: 3 of 3 recordings are done" in capsys.readouterr().err
    write_csv(walks / "b.csv", samples[:1500])
    assert predict(run, *command, "--out", out) == 0
    assert [file.name for file in first if file.stat().st_mtime_ns != first[file]] == [
        "b-timeline.csv"
    ]
    for options in (["--abstain-below", "0.9"], ["--context", "none"]):
        first = {file: file.stat().st_mtime_ns for file in first}
        assert predict(run, *command, "--out", out, *options) == 0
        assert all(file.stat().st_mtime_ns != first[file] for file in first)
    assert "activity_alone" not in (out / "b-timeline.csv").read_text()


def test_ctrl_c_keeps_what_is_done(run, walks, tmp_path, capsys, monkeypatch):
    def interrupted(results, _n_files):
        yield next(results)
        raise KeyboardInterrupt

    monkeypatch.setattr("har.cli.verbs.predict.show_files", interrupted)
    out = tmp_path / "out"
    assert predict(run, walks / "a.csv", walks / "b.csv", "--out", out, "--jobs", "1") == 130
    assert "after 1 of 2 recordings" in capsys.readouterr().err
    assert len(pd.read_csv(out / "summary.csv")) == 1
    monkeypatch.undo()
    assert predict(run, walks / "a.csv", walks / "b.csv", "--out", out, "--jobs", "1") == 0
    assert "1 of 2 recordings are done" in capsys.readouterr().err
    assert len(pd.read_csv(out / "summary.csv")) == 2


def test_the_number_of_jobs_changes_no_timeline(run, walks, tmp_path):
    (walks / "broken.csv").unlink()
    for jobs in ("1", "2"):
        assert predict(run, walks, "--out", tmp_path / jobs, "--jobs", jobs) == 0
    for file in sorted((tmp_path / "1").rglob("*.csv")):
        assert file.read_bytes() == (tmp_path / "2" / file.relative_to(tmp_path / "1")).read_bytes()


@pytest.mark.parametrize(
    ("options", "words"),
    [(["--truth", "recordings.csv"], "--truth"), (["--cluster", "tcp://h:1"], "--cluster")],
)
def test_what_does_not_go_with_the_number_of_files_is_refused(
    options, words, run, walk, walks, capsys
):
    files = [walks] if words == "--truth" else [walk]
    assert predict(run, *files, *options) == 2
    assert words in the_one_line(capsys)


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
