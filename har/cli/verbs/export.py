"""``har export``: a trained run as a file for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Literal

import numpy as np

from har.cli.options import at_root
from har.cli.trained import needing_onnx
from har.datasets.loading import open_data
from har.errors import DataError, UsageError
from har.export.trained_model import TrainedModel
from har.files import check_file
from har.runs.folder import RunFolder

Target = Literal["onnx", "numpy", "c", "web"]
Source = Literal["windows", "raw"]
WeightKind = Literal["float32", "int8"]

# The module that writes each format, and the end of the name of its file, or of its folder, unless
# --out says otherwise.
_FORMATS: dict[Target, tuple[str, str]] = {
    "onnx": ("onnx_file", ".onnx"),
    "numpy": ("numpy_file", "-numpy"),
    "c": ("c_header", ".h"),
    "web": ("web_page", ".html"),
}


def run(
    *,
    run: Path,
    to: Target,
    out: Path | None = None,
    source: Source | None = None,
    quantise: bool = False,
    weights: WeightKind | None = None,
    data_root: str | None = None,
) -> None:
    """Write a trained run for other programs, and compare it with what `har` says.

    Parameters
    ----------
    run : Path
        Folder of the run.
    to : {"onnx", "numpy", "c", "web"}
        Format to write.
    out : Path, optional
        File to write, of NumPy a folder, of ONNX either; by default with the run's name, in the
        current folder.
    source : {"windows", "raw"}, optional
        Input of an ONNX model: windows, as by default, or raw samples.
    quantise : bool
        Whether to write an ONNX model with weights of eight bits, too, and score both.
    weights : {"float32", "int8"}, optional
        Kind of the weights in C, by default float32.
    data_root : str, optional
        Folder or zip with the data set to score on; by default that of the training.

    Raises
    ------
    UsageError
        If an option does not go with the format.
    """
    _check_options(to, {"from": source, "quantise": quantise, "data.root": data_root}, "onnx")
    _check_options(to, {"weights": weights}, "c")
    if data_root and not quantise:
        raise UsageError("--data.root: found no --quantise, expected it: nothing else is scored")
    model = TrainedModel.read(run)
    module, suffix = _FORMATS[to]
    out = out or Path(f"{run.resolve().name}{suffix}")
    if to in ("c", "web"):
        check_file(out)
    how: dict[str, object] = {}
    if to == "onnx":
        how = {"form": source or "windows", "is_quantised": quantise}
    elif to == "c":
        how = {"weights": weights or "float32"}
    with needing_onnx(f"har export --to {to}"):
        write = import_module(f"har.export.{module}").write
    print(*write(model, out, **how), sep="\n")
    if quantise:
        print(_accuracies(model, run, data_root))


def _check_options(to: Target, options: Mapping[str, object], expected: Target) -> None:
    """Refuse what goes with another format only."""
    for name, value in options.items():
        if value and to != expected:
            raise UsageError(f"--to {to}: found --{name}, expected it only with --to {expected}")


def _accuracies(model: TrainedModel, run: Path, data_root: str | None) -> str:
    """Return the accuracy before and after quantisation, if the test windows are at hand."""
    from har.export.onnx_classifier import OnnxClassifier
    from har.export.onnx_file import made_model
    from har.export.onnx_metadata import OnnxMetadata

    config = at_root(RunFolder.open(run).read_config().data, data_root)
    try:
        # One that was taught new activities has no test windows of these.
        test = model.window_format.with_all_activities(open_data(config).test)
    except DataError as error:
        return f"accuracy of weights of 8 bits: not measured, for want of test windows: {error}"
    model.window_format.check(test)
    # Windows, whatever the file reads: its network is the same.
    content = made_model(model, is_quantised=True).SerializeToString(deterministic=True)
    smaller = OnnxClassifier(content, OnnxMetadata.of(model, "windows"), "int8")
    before, after = (each.predict_proba(test.signals).argmax(axis=1) for each in (model, smaller))
    right = [f"{np.mean(named == test.labels):.2%}" for named in (before, after)]
    return (
        f"accuracy on {len(test):,} test windows: {right[0]} before, {right[1]} with weights of "
        f"8 bits; {np.mean(before == after):.2%} are named alike"
    )
