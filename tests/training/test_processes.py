from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from builders import refused, tiny_config, weights_of
from numpy.testing import assert_allclose, assert_array_equal
from small_trainings import CPU, TRAIN, TWO_CPUS, fit, network_of

from har.errors import RunError
from har.training.processes import Workers, _Main

MODEL = {"conv_channels": 4, "bidirectional": True}
SETTINGS = {"keep": "last", "clip_norm": 0.1, "averaging": 0.8}


def trained(config, workers=None, devices=CPU):
    network = network_of(devices, **MODEL)
    records = list(fit(network, TRAIN, None, config.training, devices, 0, workers=workers))
    return weights_of(network), records


def test_processes_train_as_devices_do_repeat_it_and_a_lost_one_ends_the_training():
    """The checks share processes, since each takes seconds to start."""
    config = tiny_config(MODEL, **SETTINGS)
    devices, expected = trained(config, devices=TWO_CPUS)
    with Workers(config, TRAIN, 2, 1) as workers:
        weights, records = trained(config, workers)
        again, _ = trained(config, workers)
        process = workers._workers[0]._process
        os.kill(process.pid, signal.SIGKILL)
        with refused(RunError, "training: found process 2 of 2 killed by SIGKILL, expected"):
            trained(config, workers)
    for name, values in weights.items():
        # MXNet's devices forget what all but the first measured in their first step.
        if "running" not in name:
            assert_allclose(values, devices[name], atol=1e-6, err_msg=name)
        assert_array_equal(values, again[name], err_msg=name)
    for record, other in zip(records, expected, strict=True):
        assert record.train_loss == pytest.approx(other.train_loss, rel=1e-4)
        assert record.train_accuracy == pytest.approx(other.train_accuracy, abs=0.05)
    assert process not in multiprocessing.active_children()


def test_a_worker_ends_with_the_main_process():
    here, there = multiprocessing.Pipe()
    main = _Main(there)
    here.close()
    for action in (main.receive, lambda: main.send(np.zeros(100_000))):
        with pytest.raises(SystemExit):
            action()


@pytest.mark.parametrize("device", ["gpu(0)", "cpu(0),cpu(1)"])
def test_processes_do_not_share_devices(device, monkeypatch):
    if "gpu" in device:
        monkeypatch.setattr("har.models.backend._check_gpu", lambda _number: None)
    with refused(RunError, f"found 2 processes for {device}, expected them with device cpu alone"):
        Workers(tiny_config(device=device), TRAIN, 2, 1)


def test_batches_must_have_a_window_for_each_process():
    config = tiny_config(batch_size=2)
    workers = Workers(config, TRAIN, 3, 1)
    with refused(RunError, "found a batch of 2 for 3 processes", "training.batch_size"):
        trained(config, workers)


SCRIPT = """
from har.training.processes import Workers
from small_trainings import TRAIN, fit
from builders import tiny_config
from small_trainings import CPU, network_of, fit

if __name__ == "__main__":
    config = tiny_config(n_epochs=10_000, keep="last")
    with Workers(config, TRAIN, 2, 1) as workers:
        for record in fit(network_of(), TRAIN, None, config.training, CPU, 0, workers=workers):
            if record.epoch == 2:
                (worker,) = workers._workers
                print(worker._process.pid, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_however_the_main_process_does(number, tmp_path):
    script = tmp_path / "main.py"
    script.write_text(SCRIPT)
    helpers = Path(__file__).parents[1] / "helpers"
    search = os.pathsep.join([str(helpers), *sys.path])
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": search},
    )
    worker = int(process.stdout.readline())
    process.send_signal(number)
    process.communicate(timeout=120)
    deadline_s = time.monotonic() + 120
    while Path(f"/proc/{worker}").exists() and time.monotonic() < deadline_s:
        time.sleep(0.1)
    assert not Path(f"/proc/{worker}").exists()
