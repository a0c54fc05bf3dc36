"""Programs with the network of a run, which are timed beside each other."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from har.arrays import FloatArray
from har.export import page_network
from har.export.sample_windows import made_up_samples, made_up_windows
from har.export.trained_model import TrainedModel
from har.inference.timeline import raw_channels_of
from har.runs.folder import RunFolder
from har.signals.windows import WindowFormat
from speed.exported import compiled, judged, seconds_in_c

# Windows in a batch, and in a round of windows that come alone.
BATCH_SIZE = 256
N_ALONE = 50
N_BATCHES = 4


class Program:
    """A program with the network of a run.

    Parameters
    ----------
    run : Path
        Folder of the run.
    folder : Path
        Folder for what is exported.

    Attributes
    ----------
    n_bytes : int
        Size of its files.
    """

    n_bytes: int

    def __init__(self, run: Path, folder: Path) -> None:
        of_run = RunFolder.open(run).read_trained_manifest().model.window_format
        self.run = run
        self.windows = windows_of(of_run)

    def size(self) -> int:
        """Return the size of its files."""
        return self.n_bytes

    def predict(self, windows: FloatArray) -> FloatArray:
        """Return the probability of each activity in each window."""
        raise NotImplementedError

    def difference(self) -> float:
        """Return the largest difference of a probability from that of the run."""
        expected = TrainedModel.read(self.run).predict_proba(self.windows)
        return float(np.abs(self.predict(self.windows) - expected).max())

    def alone(self) -> list[float]:
        """Return the seconds for each of some windows that come alone."""
        seconds = []
        for number in range(N_ALONE):
            window = self.windows[number : number + 1]
            started_s = time.perf_counter()
            self.predict(window)
            seconds.append(time.perf_counter() - started_s)
        return seconds

    def in_batches(self) -> list[float]:
        """Return the windows per second in each of some batches."""
        rates = []
        for _ in range(N_BATCHES):
            started_s = time.perf_counter()
            self.predict(self.windows)
            rates.append(len(self.windows) / (time.perf_counter() - started_s))
        return rates


class MXNet(Program):
    """Gluon's network, as it was trained."""

    def __init__(self, run: Path, folder: Path) -> None:
        from har.classifier import ActivityClassifier

        super().__init__(run, folder)
        of_run = RunFolder.open(run)
        self.n_bytes = _size_of([of_run.symbol, of_run.weights])
        self.classifier = ActivityClassifier.load(run, "cpu")

    def predict(self, windows: FloatArray) -> FloatArray:
        """Ask the network, which `har` does for many windows only; see `har.models.packed`."""
        from har.models.network import predict_probabilities

        network = self.classifier.trained_network()
        return predict_probabilities(network, windows, self.classifier.devices)


class Har(MXNet):
    """What `har predict` and `har stream` do: NumPy for single windows, MXNet for many."""

    def predict(self, windows: FloatArray) -> FloatArray:
        """Ask the classifier."""
        return self.classifier.predict_proba(windows)


class OnnxRuntime(Program):
    """The ONNX file in onnxruntime."""

    what = ""

    def __init__(self, run: Path, folder: Path) -> None:
        from har.export.onnx_classifier import OnnxClassifier
        from har.export.onnx_file import write

        super().__init__(run, folder)
        write(TrainedModel.read(run), folder / "model.onnx", is_quantised=True)
        file = folder / f"model{self.what}.onnx"
        self.n_bytes = _size_of([file])
        self.classifier = OnnxClassifier.load(file)

    def predict(self, windows: FloatArray) -> FloatArray:
        """Ask onnxruntime."""
        return self.classifier.predict_proba(windows)


class OnnxRuntimeOf8Bits(OnnxRuntime):
    """The same with weights of 8 bits."""

    what = "-int8"


class PyTorch(Program):
    """The same network in PyTorch, written as its documentation shows."""

    def __init__(self, run: Path, folder: Path) -> None:
        import torch

        from speed.torch_network import Classifier

        super().__init__(run, folder)
        torch.set_num_threads(1)
        model = TrainedModel.read(run)
        self.network = Classifier(model.config, model.window_format.channels, model.weights)
        self.network.eval()
        file = folder / "model.pt"
        torch.save(self.network.state_dict(), file)
        self.n_bytes = _size_of([file])

    def predict(self, windows: FloatArray) -> FloatArray:
        """Ask PyTorch."""
        import torch

        with torch.inference_mode():
            probabilities: FloatArray = self.network(torch.from_numpy(windows)).numpy()
        return probabilities


class NumPyFile(Program):
    """The file of arrays and the predictor that needs NumPy alone."""

    def __init__(self, run: Path, folder: Path) -> None:
        from har.export.numpy_file import write
        from har.export.predictor import Model

        super().__init__(run, folder)
        write(TrainedModel.read(run), folder)
        self.n_bytes = _size_of(list(folder.iterdir()))
        self.model = Model(str(folder / "model.npz"))

    def predict(self, windows: FloatArray) -> FloatArray:
        """Ask the predictor."""
        return self.model.probabilities(windows)


class CHeader(Program):
    """The header, compiled by gcc; it takes one window at a time."""

    weights: Literal["float32", "int8"] = "float32"

    def __init__(self, run: Path, folder: Path) -> None:
        from har.export.c_header import write

        super().__init__(run, folder)
        self.model = TrainedModel.read(run)
        header = folder / "har_model.h"
        write(self.model, header, self.weights)
        self.n_bytes = _size_of([header])
        self.program = compiled(header, "-O2")
        self.samples = made_up_samples(len(raw_channels_of(self.model.window_format)))

    def difference(self) -> float:
        """Compare what it says of samples, which it filters itself."""
        windows = made_up_windows(self.model.window_format)
        expected = self.model.predict_proba(windows)
        found = judged(self.program, self.samples, expected.shape[1])
        n_windows = min(len(found), len(expected))
        return float(np.abs(found[:n_windows] - expected[:n_windows]).max())

    def alone(self) -> list[float]:
        """Let it time itself."""
        return [float(each) for each in seconds_in_c(self.program, self.samples, N_ALONE)]

    def in_batches(self) -> list[float]:
        """Return its windows per second, one after the other."""
        return [1 / float(np.mean(self.alone()))]


class CHeaderOf8Bits(CHeader):
    """The same with weights of 8 bits."""

    weights = "int8"


class JavaScript(Program):
    """The page's network in Node; it takes one window at a time."""

    def __init__(self, run: Path, folder: Path) -> None:
        from har.export.page_network import network_form
        from har.export.web_page import write

        super().__init__(run, folder)
        model = TrainedModel.read(run)
        write(model, folder / "page.html")
        self.n_bytes = _size_of([folder / "page.html"])
        page = Path(page_network.__file__).with_name("page")
        # The first has functions that the network calls.
        names = "sensors.js", "signals.js", "network.js"
        texts = [(page / name).read_text("utf-8") for name in names]
        harness = Path(__file__).with_name("node_harness.js").read_text("utf-8")
        self.script = folder / "network.js"
        self.script.write_text("\n".join([*texts, harness]), "utf-8")
        (folder / "form.json").write_text(json.dumps(network_form(model)), "utf-8")

    def predict(self, windows: FloatArray) -> FloatArray:
        """Return what it says of windows."""
        return np.array(self._answer(windows, 0)["probabilities"])

    def alone(self) -> list[float]:
        """Let it time itself, once it has warmed up."""
        return self._answer(self.windows, N_ALONE)["seconds"]

    def in_batches(self) -> list[float]:
        """Return its windows per second, one after the other."""
        return [1 / float(np.mean(self.alone()))]

    def _answer(self, windows: FloatArray, n_times: int) -> dict[str, list[float]]:
        command = ["node", self.script.name, str(n_times), str(len(windows))]
        done = subprocess.run(
            command,
            input=windows.astype("<f4").tobytes(),
            stdout=subprocess.PIPE,
            check=True,
            cwd=self.script.parent,
        )
        answer: dict[str, list[float]] = json.loads(done.stdout)
        return answer


def windows_of(window_format: WindowFormat) -> FloatArray:
    """Return a batch of windows."""
    made_up = made_up_windows(window_format)
    return np.resize(made_up, (BATCH_SIZE, *made_up.shape[1:]))


def _size_of(files: Sequence[Path]) -> int:
    return sum(file.stat().st_size for file in files)
