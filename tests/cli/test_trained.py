"""Runs and ONNX files: `har predict` and `har stream` say the same with both."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from command_line import har_stream, stream, the_one_line

from har.cli.main import main
from har.cli.trained import load_trained
from har.datasets.file_trees import trees_at
from har.datasets.hapt_recordings import read_recordings
from har.signals.channels import RAW_CHANNELS, SAMPLE_RATE_HZ
from har.signals.recording import Recording


@pytest.fixture(scope="module")
def model(run, tmp_path_factory):
    file = tmp_path_factory.mktemp("onnx") / "model.onnx"
    assert main(["export", str(run), "--to", "onnx", "--out", str(file)]) == 0
    return file


def timeline_of(model, recording, out, *options):
    arguments = ["predict", str(model), str(recording), "--out", str(out), *options]
    assert main(arguments) == 0
    return pd.read_csv(out)


@pytest.mark.parametrize("options", [(), ("--context", "none"), ("--upright", "auto")], ids=str)
def test_predict_says_the_same_of_a_recording(run, model, walk, tmp_path, options):
    expected = timeline_of(run, walk, tmp_path / "run.csv", *options)
    found = timeline_of(model, walk, tmp_path / "onnx.csv", *options)
    pd.testing.assert_frame_equal(found, expected, rtol=0, atol=1e-5)
    assert "strangeness" in found


@pytest.mark.slow
def test_it_says_the_same_of_every_recording_of_hapt(run, model, data_root):
    (tree,) = list(trees_at(data_root / "hapt.zip"))
    both = [load_trained(each, "cpu") for each in (run, model)]
    for recording in read_recordings(tree).values():
        samples = Recording(recording.samples.astype(np.float32), RAW_CHANNELS, SAMPLE_RATE_HZ)
        expected, found = (each.predict_recording(samples) for each in both)
        pd.testing.assert_frame_equal(found, expected, rtol=0, atol=1e-5)


def test_predict_says_the_same_of_many_recordings_and_goes_on(run, model, walk, tmp_path):
    (tmp_path / "both").mkdir()
    for name in ("one.csv", "two.csv"):
        (tmp_path / "both" / name).write_bytes(walk.read_bytes())
    tables = []
    for each in (run, model, model):
        out = tmp_path / f"out-{each.name}"
        arguments = [str(each), str(tmp_path / "both"), "--out", str(out), "--jobs", "1"]
        assert main(["predict", *arguments]) == 0
        tables.append(pd.read_csv(out / "summary.csv"))
    pd.testing.assert_frame_equal(tables[1], tables[0], rtol=0, atol=1e-5)
    pd.testing.assert_frame_equal(tables[2], tables[1])


def test_predict_says_the_same_of_windows(run, model, uci_har, tmp_path):
    np.save(tmp_path / "w.npy", uci_har.test.signals[:40])
    expected = timeline_of(run, tmp_path / "w.npy", tmp_path / "run.csv")
    found = timeline_of(model, tmp_path / "w.npy", tmp_path / "onnx.csv")
    pd.testing.assert_frame_equal(found, expected, rtol=0, atol=1e-5)


def test_stream_says_the_same(run, model, walk):
    lines = walk.read_text().splitlines()[:700]
    expected, summary = stream(run, lines, "--delay", "1", "--upright", "auto")
    found, same = stream(model, lines, "--delay", "1", "--upright", "auto")
    assert (len(found), same) == (len(expected), summary)
    for one, other in zip(found, expected, strict=True):
        assert one.keys() == other.keys()
        assert (one["activity"], one["state"]) == (other["activity"], other["state"])
        assert one["probabilities"] == pytest.approx(other["probabilities"], rel=0, abs=1e-5)
        assert one["state_probability"] == pytest.approx(other["state_probability"], abs=1e-5)


def test_neither_mxnet_nor_scikit_learn_is_loaded(model, walk, tmp_path):
    script = (
        "import sys; from har.cli.main import main; status = main(sys.argv[1:]); "
        "wrong = {'mxnet', 'sklearn'} & set(sys.modules); sys.exit(f'{wrong}' if wrong else status)"
    )
    out = str(tmp_path / "t.csv")
    for arguments in (["predict", str(model), str(walk), "--out", out], ["stream", str(model)]):
        command = [sys.executable, "-c", script, *arguments]
        with walk.open("rb") as lines:
            done = subprocess.run(command, stdin=lines, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "onnx" not in done.stderr.replace(str(model), "")


def test_a_foreign_file_is_one_line(walk, tmp_path, capsys):
    (tmp_path / "x.onnx").write_bytes(b"acc_x\n1\n")
    for verb in (
        ["predict", str(tmp_path / "x.onnx"), str(walk)],
        ["stream", str(tmp_path / "x.onnx")],
    ):
        assert main(verb) == 1
        assert "x.onnx: found no ONNX model" in the_one_line(capsys)
    status, _, errors = har_stream(tmp_path / "none.onnx", [])
    assert status == 1
    assert "none.onnx: found No such file or directory" in errors


def test_a_processor_that_onnxruntime_has_not_is_one_line(model, walk, capsys):
    assert main(["predict", str(model), str(walk), "--device", "gpu(0)"]) == 1
    assert "--device gpu(0): found an ONNX model" in the_one_line(capsys)


def test_a_missing_package_is_named_with_the_command_that_installs_it(
    model, walk, monkeypatch, capsys
):
    for module in [name for name in sys.modules if name.startswith("har.export.onnx_")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert main(["stream", str(model)]) == 2
    assert "found no onnxruntime, expected it: pip install 'gluon-har[onnx]'" in the_one_line(
        capsys
    )
