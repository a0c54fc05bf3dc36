"""``har stream``, run as a person would, on real signals."""

from __future__ import annotations

import json
import os
import signal
import statistics
import time

import numpy as np
import pandas as pd
import pytest
from builders import refused
from command_line import har_stream, start_stream, stream

from har.cli.main import main
from har.cli.verbs.stream import _classified_by_id
from har.errors import DataError, Interrupted
from har.inference.context import MarkovContext
from har.inference.live_streams import LiveStreams
from har.reading.streams.identified_lines import IdentifiedLines
from har.signals.channels import RAW_CHANNELS


def test_a_stream_says_the_same_as_predict(run, walk, tmp_path):
    options = ["--context", "none", "--out", str(tmp_path / "t.csv")]
    assert main(["predict", str(run), str(walk), *options]) == 0
    timeline = pd.read_csv(tmp_path / "t.csv")
    said, summary = stream(run, walk.read_text().splitlines())
    assert [row["start_s"] for row in said] == pytest.approx(timeline["start_s"].tolist())
    assert [row["activity"] for row in said] == timeline["activity"].tolist()
    assert [row["warming_up"] for row in said] == timeline["warming_up"].tolist()
    for name in said[0]["probabilities"]:
        live = [row["probabilities"][name] for row in said]
        np.testing.assert_allclose(live, timeline[f"p_{name}"], rtol=0, atol=1e-5)
    assert summary == "lines: 2001, malformed: 0, filled in: 0, dropped: 0, gaps: 0"


def test_a_state_waits_for_as_many_windows_as_asked_for(run, walk):
    lines = walk.read_text().splitlines()[:700]
    now, _ = stream(run, lines)
    later, _ = stream(run, lines, "--delay", "2")
    alone, _ = stream(run, lines, "--context", "none")
    shares = np.array([list(row["probabilities"].values()) for row in now])
    assert [row["state_start_s"] for row in now] == [row["start_s"] for row in now]
    assert [row["state_start_s"] for row in later[2:]] == [row["start_s"] for row in now[:-2]]
    for row in later[:2]:
        assert (row["state"], row["state_end_s"], row["state_probability"]) == (
            "UNKNOWN",
            None,
            None,
        )
    context = MarkovContext.lasting(6)
    for rows, delay in ((now, 0), (later, 2)):
        expected = context.smoothed(shares)[len(shares) - 1 - delay]
        assert rows[-1]["state_probability"] == pytest.approx(expected.max(), abs=1e-5)
    assert [row["state"] for row in alone] == [row["activity"] for row in now]


def test_a_state_without_a_context_waits_for_nothing(run, capsys):
    assert main(["stream", str(run), "--context", "none", "--delay", "1"]) == 2
    assert "--context none: found --delay 1" in capsys.readouterr().err


def test_a_phone_that_is_worn_otherwise_is_doubted_live_and_cured(run, samples, walk):
    in_pouch = samples[:, [1, 0, 2, 4, 3, 5]] * np.tile([-1, 1, 1], 2)
    lines = [",".join(map(str, sample)) for sample in in_pouch.tolist()]
    _, _, errors = har_stream(run, lines)
    assert errors.count("worn otherwise than in training") == 1
    said, _ = stream(run, walk.read_text().splitlines())
    cured, _ = stream(run, lines, "--upright", "y")
    assert [row["activity"] for row in cured] == [row["activity"] for row in said]


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


def test_a_stream_at_another_rate_is_interpolated(run, samples):
    lines = [",".join(map(str, (number / 100, *row))) for number, row in enumerate(samples)]
    status, said, errors = har_stream(run, [",".join(("time_s", *RAW_CHANNELS)), *lines])
    assert status == 0
    assert "100 Hz, interpolated to 50 Hz" in errors
    assert len(said.splitlines()) == (len(samples) // 2 - 128) // 64 + 1


def test_an_apps_names_say_the_same(run, samples):
    plain = [",".join(map(str, (number / 50, *row))) for number, row in enumerate(samples.tolist())]
    said, _ = stream(run, [",".join(("time_s", *RAW_CHANNELS)), *plain])
    z_first = [
        ",".join(map(str, (1_700_000_000_000 + 20 * number, *row[::-1])))
        for number, row in enumerate(samples.tolist())
    ]
    said_again, _ = stream(run, ["timestamp,gyrZ,gyrY,gyrX,accZ,accY,accX", *z_first])
    assert said_again == said


def test_a_heading_that_is_not_understood_ends_a_stream_with_one_line(run, samples):
    rows = [",".join(map(str, row)) for row in samples.tolist()]
    status, _, errors = har_stream(run, ["a,b,c,d,e,f", *rows])
    assert status == 1
    assert errors.splitlines()[-1].startswith(
        "har: heading of the stream: found columns 'a', 'b', 'c'"
    )


def test_what_cannot_be_read_is_told_of_while_the_stream_goes_on(run):
    process = start_stream(run)
    process.stdin.write('{"foo": 1}\n' * 50)
    process.stdin.flush()
    told = process.stderr.readline()
    assert "no sample in" in told
    assert "expected names such as acc_x" in told
    _, errors = process.communicate("", timeout=600)
    assert process.returncode == 1
    assert "no sample in 50 lines" in errors.splitlines()[-1]


def test_nothing_at_all_is_an_error(run):
    status, out, errors = har_stream(run, [])
    assert (status, out) == (1, "")
    assert "found no sample in no lines" in errors.splitlines()[-1]


def test_many_streams_say_what_each_says_alone(run, samples, walk):
    heading, *rows = walk.read_text().splitlines()
    said, _ = stream(run, [heading, *rows[:400]])
    lines = [f"{heading},device", *(f"{row},{of}" for row in rows[:400] for of in ("a", "b"))]
    lines.insert(100, ",".join(rows[0].split(",")))
    process = start_stream(run, "--id", "device")
    out, errors = process.communicate("\n".join(lines), timeout=600)
    assert process.returncode == 0
    answers = [json.loads(line) for line in out.splitlines()]
    for of in ("a", "b"):
        of_one = [answer for answer in answers if answer["id"] == of]
        assert [answer["start_s"] for answer in of_one] == [answer["start_s"] for answer in said]
        for mine, alone in zip(of_one, said, strict=True):
            assert mine["state"] == alone["state"]
            expected = pytest.approx(alone["probabilities"], abs=1e-6)
            assert mine["probabilities"] == expected
    assert (
        "lines: 802, without device: 1 (line 101: no cell of 1 to 200 characters"
        in errors.splitlines()[-1]
    )
    assert "streams: 2, ended by an error: 0" in errors.splitlines()[-1]


def test_without_any_id_many_streams_end_with_an_error():
    read_end, write_end = os.pipe()
    os.write(write_end, b'{"x": 1}\n' * 60)
    os.close(write_end)
    streams = LiveStreams(lambda: pytest.fail("found a stream"), lambda windows: windows)
    with refused(DataError, "--id device: found no line with it in 60 lines (line 1: no text"):
        list(_classified_by_id(streams, IdentifiedLines("device"), read_end))
    os.close(read_end)
