"""A trained network in an ONNX file, computed by onnxruntime, without MXNet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from har.arrays import FloatArray
from har.errors import DeviceError, RunError, parsing
from har.export.onnx_metadata import OnnxMetadata
from har.export.onnx_reading import PROBABILITIES, STRANGENESS, WINDOWS, is_quantised, read
from har.inference.recording_classifier import RecordingClassifier
from har.signals.windows import Windows

# So many windows at a time: more take memory, and no less time each.
_N_PER_BATCH = 256
# Probabilities are single: their sum is 1 but for so much.
_ROUNDING = 1e-3
# Of onnxruntime's messages, those after which nothing can be computed.
_FATAL = 4


class OnnxClassifier(RecordingClassifier):
    """A trained network that predicts activities from windows of signals; see `load`.

    Parameters
    ----------
    content : bytes
        The model, as `har.export.onnx_reading.read` returns it.
    metadata : OnnxMetadata
        Facts about it.
    place : str
        Its file, for messages.

    Raises
    ------
    RunError
        If onnxruntime cannot run it.
    """

    def __init__(self, content: bytes, metadata: OnnxMetadata, place: str) -> None:
        self.window_format_ = metadata.model.window_format
        self.gravity_ = metadata.model.gravity
        self.context_ = metadata.context
        self._place = place
        self._n_per_batch = 1 if is_quantised(content) else _N_PER_BATCH
        self._session = session_of(content, place)
        self._outputs = [output.name for output in self._session.get_outputs()]

    @classmethod
    def load(cls, file: Path, device: str = "auto") -> OnnxClassifier:
        """Read a model of windows that ``har export --to onnx`` wrote.

        Parameters
        ----------
        file : Path
            ONNX file.
        device : str
            ``"auto"`` or ``"cpu"``.

        Returns
        -------
        OnnxClassifier

        Raises
        ------
        RunError
            If it is damaged, or another program's, or reads raw samples.
        DeviceError
            If it shall be computed elsewhere.
        """
        if device not in ("auto", "cpu"):
            raise DeviceError(
                f"--device {device}: found an ONNX model, expected auto or cpu, where it is run"
            )
        content, metadata = read(file)
        if metadata.form != "windows":
            raise RunError(
                f"{file}: found a model that reads raw samples, expected one that reads windows: "
                "har export RUN --to onnx --from windows"
            )
        classifier = cls(content, metadata, str(file))
        of = classifier.window_format_
        classifier.predict_proba(np.zeros((1, of.n_timesteps, len(of.channels)), np.float32))
        return classifier

    def predict_proba(self, windows: Windows | FloatArray) -> FloatArray:
        """Return the probability of each activity; see `RecordingClassifier`."""
        self.window_format_.check(windows)
        signals = windows.signals if isinstance(windows, Windows) else windows
        return self._run(signals, [PROBABILITIES])[0]

    def predict_strangeness(self, signals: FloatArray) -> tuple[FloatArray, FloatArray | None]:
        """Return the probabilities and how strange each window is; see `RecordingClassifier`."""
        self.window_format_.check(signals)
        if STRANGENESS not in self._outputs:
            return self.predict_proba(signals), None
        wanted = [PROBABILITIES, STRANGENESS]
        probabilities, strangeness = self._run(signals, wanted)
        return probabilities, strangeness

    def _run(self, signals: FloatArray, names: list[str]) -> Sequence[FloatArray]:
        """Return outputs of all windows, in double precision."""
        if not len(signals):
            return [np.empty((0, len(self.window_format_.activities))), np.empty(0)][: len(names)]
        parts = [
            self._run_batch(np.ascontiguousarray(signals[first : first + self._n_per_batch]), names)
            for first in range(0, len(signals), self._n_per_batch)
        ]
        outputs = [np.concatenate(of_all).astype(np.float64) for of_all in zip(*parts, strict=True)]
        if not all(np.isfinite(output).all() for output in outputs):
            raise RunError(f"{self._place}: found values that are no numbers, expected finite ones")
        if np.abs(outputs[0].sum(axis=1) - 1).max() > _ROUNDING or outputs[0].min() < 0:
            raise RunError(f"{self._place}: found numbers that are no probabilities, expected some")
        return outputs

    def _run_batch(self, signals: FloatArray, names: list[str]) -> list[FloatArray]:
        inputs = {WINDOWS: signals.astype(np.float32, copy=False)}
        with parsing(self._place, "a model that onnxruntime can run", RunError):
            return list(self._session.run(names, inputs))


def session_of(content: bytes, place: str) -> onnxruntime.InferenceSession:
    """Return a session of onnxruntime on one thread, which says nothing itself.

    Parameters
    ----------
    content : bytes
        A model that was checked.
    place : str
        Its file, for messages.

    Raises
    ------
    RunError
        If onnxruntime cannot run it.
    """
    options = onnxruntime.SessionOptions()
    # As the rest of the package: small networks gain nothing by more threads.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL
    with parsing(place, "a model that onnxruntime can run", RunError):
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
