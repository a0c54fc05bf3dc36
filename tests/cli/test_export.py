"""``har export``, run as a person would, on a real run."""

from __future__ import annotations

import re
import sys

import numpy as np
import onnxruntime
import pytest
from builders import small_windows, tiny_config
from command_line import the_one_line

import har
import har.runs.folder
import har.runs.results
import har.signals.filters
from har.cli.main import main
from har.datasets.file_trees import trees_at
from har.datasets.hapt_recordings import read_recordings


def export(run, *arguments):
    return main(["export", str(run), *map(str, arguments)])


@pytest.fixture(scope="module")
def small_run(tmp_path_factory):
    """A run whose windows no filters of `har` make."""
    folder = tmp_path_factory.mktemp("small")
    har.ActivityClassifier(tiny_config()).fit(small_windows()).save(folder)
    return folder


def test_onnx_agrees_on_real_windows(run, uci_har, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert export(run, "--to", "onnx") == 0
    said = capsys.readouterr().out.splitlines()
    assert re.fullmatch(
        rf"{run.name}\.onnx: [\d,]+ kB, probabilities within .*e-\d\d of har", said[0]
    )
    assert said[1].startswith(f"{run.name}-signals.onnx: ")
    session = onnxruntime.InferenceSession(f"{run.name}.onnx")
    windows = np.asarray(uci_har.test.signals[::10])
    found = session.run(["probabilities"], {"windows": windows})[0]
    expected = har.ActivityClassifier.load(run).predict_proba(windows)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_raw_samples_of_a_window_and_before_it_are_enough(run, samples, tmp_path):
    assert export(run, "--to", "onnx", "--from", "raw", "--out", tmp_path / "raw.onnx") == 0
    assert [file.name for file in tmp_path.iterdir()] == ["raw.onnx"]
    session = onnxruntime.InferenceSession(tmp_path / "raw.onnx")
    first = 704
    cut = samples[first : first + 500 + 128 + 1]
    found = session.run(["probabilities"], {"samples": cut[np.newaxis].astype(np.float32)})[0]
    classifier = har.ActivityClassifier.load(run)
    # A recording that begins 10 s before the window: 500 samples are no whole number of hops.
    channels = har.signals.filters.uci_har_channels(cut, "settled")[500:628]
    expected = classifier.predict_proba(channels[np.newaxis].astype(np.float32))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.slow
def test_ten_seconds_before_a_window_are_as_good_as_the_whole_recording(run, data_root, tmp_path):
    (tree,) = list(trees_at(data_root / "hapt.zip"))
    assert export(run, "--to", "onnx", "--from", "raw", "--out", tmp_path / "raw.onnx") == 0
    session = onnxruntime.InferenceSession(tmp_path / "raw.onnx")
    classifier = har.ActivityClassifier.load(run)
    n_windows = n_alike = 0
    for recording in list(read_recordings(tree).values())[:20:2]:
        samples = recording.samples.astype(np.float32)
        channels = har.signals.filters.uci_har_channels(samples, "settled").astype(np.float32)
        firsts = range(500, len(samples) - 129, 64)
        windows = np.stack([channels[first : first + 128] for first in firsts])
        cuts = np.stack([samples[first - 500 : first + 129] for first in firsts])
        found = session.run(["probabilities"], {"samples": cuts})[0].argmax(axis=1)
        n_alike += (found == classifier.predict(windows)).sum()
        n_windows += len(windows)
    assert n_alike > 0.99 * n_windows


def test_weights_of_8_bits_are_scored_on_the_test_windows(run, data_root, tmp_path, capsys):
    out = "--out", tmp_path, "--data.root", data_root
    assert export(run, "--to", "onnx", "--quantise", *out) == 0
    *files, scored = capsys.readouterr().out.splitlines()
    assert len(files) == 3
    found = re.fullmatch(
        r"accuracy on 2,947 test windows: ([\d.]+)% before, ([\d.]+)% with weights of 8 bits; "
        r"([\d.]+)% are named alike",
        scored,
    )
    before, after, alike = map(float, found.groups())
    assert before == pytest.approx(
        100
        * har.runs.results.Results.read(har.runs.folder.RunFolder.open(run)).evaluation.accuracy,
        abs=0.01,
    )
    assert abs(before - after) < 3
    assert alike > 95


@pytest.mark.parametrize(
    ("to", "options", "files"),
    [
        ("numpy", (), {"-numpy/model.npz", "-numpy/har_predictor.py"}),
        ("c", ("--weights", "int8"), {".h"}),
        ("web", (), {".html"}),
    ],
)
def test_other_formats_are_named_as_the_run(run, to, options, files, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert export(run, "--to", to, *options) == 0
    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert {str(path) for path in written} == {run.name + end for end in files}
    assert run.name in capsys.readouterr().out


def test_without_the_test_windows_it_says_so(run, tmp_path, capsys):
    options = "--out", tmp_path, "--data.root", tmp_path / "nowhere"
    assert export(run, "--to", "onnx", "--quantise", *options) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(
        "accuracy of weights of 8 bits: not measured, for want of test windows: "
    )


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["numpy"], ["-numpy/model.npz", "-numpy/har_predictor.py"]),
        (["c"], [".h"]),
        (["c", "--weights", "int8"], [".h"]),
        (["web"], [".html"]),
    ],
    ids=" ".join,
)
def test_each_format_is_written_with_the_name_of_the_run(
    run, options, names, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert export(run, "--to", *options) == 0
    said = capsys.readouterr().out
    for name in names:
        assert f"{run.name}{name}: " in said
        assert (tmp_path / f"{run.name}{name}").is_file()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--to", "web", "--quantise"], "--to web: found --quantise, expected it only with --to"),
        (["--to", "c", "--from", "raw"], "--to c: found --from, expected it only with --to onnx"),
        (["--data.root", "x"], "--data.root: found no --quantise"),
        (["--out", "x.tflite"], "--out x.tflite: found .tflite, expected .onnx or a folder"),
        (["--weights", "int8"], "--to onnx: found --weights, expected it only with --to c"),
        (["--quantise", "--to", "c"], "--to c: found --quantise, expected it only with --to onnx"),
        (["--from", "windows", "--to", "tflite"], "--to: found 'tflite', expected one of"),
        (["--from", "lines"], "--from: found 'lines', expected one of"),
    ],
)
def test_wrong_options_are_one_line(run, options, words, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    try:
        status = export(run, "--to", "onnx", *options)
    except SystemExit as end:
        status = end.code
    assert status == 2
    assert words in the_one_line(capsys)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_exported_is_one_line(small_run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert export(small_run, "--to", "onnx", "--from", "raw") == 2
    assert "--from raw: found a run for acc_x, acc_y, acc_z, gyro_x" in the_one_line(capsys)
    assert export(tmp_path, "--to", "onnx") == 1
    assert "found no config.yaml in it, expected the folder of a run" in the_one_line(capsys)
    assert export(small_run, "--to", "onnx", "--out", small_run / "config.yaml") == 2
    assert "config.yaml: found .yaml, expected .onnx" in the_one_line(capsys)
    for target in ("c", "web"):
        assert export(small_run, "--to", target) == 1
        assert "acc_x, acc_y, acc_z, gyro_x" in the_one_line(capsys)
        assert export(small_run, "--to", target, "--out", tmp_path) == 1
        assert f"{tmp_path}: found Is a directory" in the_one_line(capsys)
    assert not list(tmp_path.iterdir())


def test_a_missing_package_is_named_with_the_command_that_installs_it(
    small_run, tmp_path, monkeypatch, capsys
):
    for module in [name for name in sys.modules if name.startswith("har.export.onnx_")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert export(small_run, "--to", "onnx", "--out", tmp_path) == 2
    assert the_one_line(capsys).endswith(
        "har export --to onnx: found no onnx, expected it: pip install 'gluon-har[onnx]'"
    )
