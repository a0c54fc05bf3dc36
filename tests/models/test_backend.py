from __future__ import annotations

import os
import random
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from builders import refused
from command_line import TINY

from har.errors import DeviceError
from har.models import backend
from har.models.backend import mx, parse_devices, seed_everything


@pytest.fixture
def cuda_build(monkeypatch):
    """Pretend that MXNet was built for CUDA and finds some GPUs, or fails to look for them."""

    def pretend(n_gpus):
        def num_gpus():
            if n_gpus is None:
                raise mx.MXNetError("CUDA: no driver")
            return n_gpus

        features = SimpleNamespace(is_enabled=lambda feature: feature == "CUDA")
        monkeypatch.setattr(backend.mx.runtime, "Features", lambda: features)
        monkeypatch.setattr(backend.mx.context, "num_gpus", num_gpus)

    return pretend


@pytest.mark.parametrize(
    ("text", "devices"),
    [
        ("auto", [mx.cpu(0)]),
        ("cpu", [mx.cpu(0)]),
        ("cpu(1)", [mx.cpu(1)]),
        ("cpu(0), cpu(1)", [mx.cpu(0), mx.cpu(1)]),
    ],
)
def test_a_cpu_build_computes_on_cpus(text, devices):
    assert parse_devices(text) == devices


@pytest.mark.parametrize("text", ["tpu", "", "gpu", "cpu(x)", "cpu(-1)", "CPU", "cpu,", "auto,cpu"])
def test_what_is_no_device_is_refused(text):
    with refused(DeviceError, "device: found ", "expected "):
        parse_devices(text)


@pytest.mark.parametrize("text", ["cpu,cpu", "cpu,cpu(0)", "cpu(1),cpu,cpu(1)"])
def test_the_same_device_twice_is_refused(text):
    with refused(DeviceError, f"device: found '{text}', expected each device once"):
        parse_devices(text)


@pytest.mark.parametrize("text", ["gpu(0)", "cpu,gpu(1)"])
def test_a_gpu_with_a_cpu_build_is_an_error_that_names_a_wheel(text):
    with refused(DeviceError, "found a CPU build of MXNet 1.9.1", "mxnet-cu112"):
        parse_devices(text)


@pytest.mark.parametrize(
    ("n_gpus", "text", "devices"),
    [
        (2, "auto", [mx.gpu(0)]),
        (0, "auto", [mx.cpu(0)]),
        (None, "auto", [mx.cpu(0)]),
        (2, "gpu", [mx.gpu(0)]),
        (2, "gpu(0),gpu(1)", [mx.gpu(0), mx.gpu(1)]),
    ],
)
def test_a_cuda_build_computes_on_gpus_if_there_are_any(cuda_build, n_gpus, text, devices):
    cuda_build(n_gpus)
    assert parse_devices(text) == devices


@pytest.mark.parametrize(("n_gpus", "found"), [(1, 1), (0, 0), (None, 0)])
def test_a_gpu_that_is_not_there_is_refused(cuda_build, n_gpus, found):
    cuda_build(n_gpus)
    with refused(DeviceError, f"device: found {found} GPUs, expected one numbered 1"):
        parse_devices("gpu(1)")


def draw():
    return (
        random.random(),
        float(np.random.random()),
        float(mx.nd.random.uniform(shape=1).asscalar()),
    )


def test_a_seed_fixes_all_generators():
    seed_everything(7)
    first = draw()
    seed_everything(7)
    assert draw() == first
    seed_everything(8)
    assert all(other != value for other, value in zip(draw(), first, strict=True))


def test_an_array_that_ctrl_c_left_without_memory_is_dropped_in_silence(monkeypatch):
    complaints = []
    monkeypatch.setattr("sys.unraisablehook", complaints.append)
    array = object.__new__(mx.nd.NDArray)
    del array
    assert complaints == []


@pytest.mark.parametrize("verb", ["train", pytest.param("cv", marks=pytest.mark.slow)])
def test_without_mxnet_a_verb_that_needs_it_says_in_one_line_how_to_add_it(
    verb, data_root, uci_har, tmp_path
):
    # As Python would say it, in the worker processes of har cv too.
    absent = "raise ModuleNotFoundError(\"No module named 'mxnet'\", name='mxnet')"
    (tmp_path / "mxnet.py").write_text(absent)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "har", verb, *TINY]
    command += ["--data.root", str(data_root), "--out", str(tmp_path / "out")]
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == DeviceError.exit_status
    assert done.stderr.splitlines()[-1].startswith("har: mxnet: found it not installed")
    assert "Traceback" not in done.stderr
