"""A trained model by its path: a run folder, or an ONNX file that ``har export`` made of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from har.errors import UsageError, install_command
from har.inference.recording_classifier import RecordingClassifier
from har.runs.folder import RunFolder
from har.signals.windows import WindowFormat

_ONNX_PACKAGES = ("onnx", "onnxruntime")


def is_onnx(path: Path) -> bool:
    """Return whether a path names an ONNX file rather than a run folder."""
    return path.suffix.lower() == ".onnx" and not path.is_dir()


@contextmanager
def needing_onnx(place: object) -> Iterator[None]:
    """Turn the import of what the extra ``onnx`` installs, if it fails, into a one-line error.

    Raises
    ------
    UsageError
        If one of its packages is missing; it names the place.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in _ONNX_PACKAGES:
            raise
        raise UsageError(
            f"{place}: found no {error.name}, expected it: {install_command('onnx')}"
        ) from error


def load_trained(path: Path, device: str) -> RecordingClassifier:
    """Read a trained model.

    Parameters
    ----------
    path : Path
        Run folder, which MXNet computes, or ONNX file, which onnxruntime does.
    device : str
        Processor to compute on.

    Returns
    -------
    RecordingClassifier

    Raises
    ------
    RunError
        If the model is missing or damaged.
    UsageError
        If onnxruntime is not installed.
    """
    if is_onnx(path):
        with needing_onnx(path):
            from har.export.onnx_classifier import OnnxClassifier
        return OnnxClassifier.load(path, device)
    from har.classifier import ActivityClassifier

    return ActivityClassifier.load(path, device)


def window_format_of(path: Path) -> WindowFormat:
    """Return the format of a model's windows, without MXNet."""
    if is_onnx(path):
        with needing_onnx(path):
            from har.export.onnx_reading import read
        return read(path)[1].model.window_format
    return RunFolder.open(path).read_trained_manifest().model.window_format


def files_of(path: Path) -> tuple[Path, ...]:
    """Return the files that a model's answers follow from."""
    if is_onnx(path):
        return (path,)
    run = RunFolder.open(path)
    return run.symbol, run.weights, run.context, run.strangeness
