"""``har serve``, run as a person would."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import pandas as pd
import pytest
import requests
from command_line import the_one_line
from served import PATIENCE_S, Served, connected, messages, rows_of, send_rows

from har.cli.main import main
from har.cli.verbs.serve import _greeting

_ENDED = "har: interrupted"


@contextmanager
def serving(run, *options, **environment):
    """Start ``har serve`` in a process of its own; yield it and the address that it says."""
    command = [sys.executable, "-m", "har", "serve", str(run), "--port", "0", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, **environment) as process:
        try:
            first = process.stdout.readline()
            assert first.startswith("Open "), process.stderr.read()
            yield process, first.split()[1]
        finally:
            process.kill()


def ended(process, number):
    process.send_signal(number)
    _, errors = process.communicate(timeout=10 * PATIENCE_S)
    return process.returncode, errors.strip()


def answers_of(served, samples, n_answers):
    """Return what a phone is told of samples."""

    async def converse():
        async with connected(served) as phone:
            await send_rows(phone, rows_of(samples), 100)
            return await messages(phone, "answer", n_answers)

    return asyncio.run(converse())


def timeline_of(model, recording, folder):
    """Return what ``har predict`` says of a recording, each window alone."""
    options = ["--context", "none", "--out", str(folder / "t.csv")]
    assert main(["predict", str(model), str(recording), *options]) == 0
    return pd.read_csv(folder / "t.csv")


def assert_same(answers, expected):
    assert [answer["activity"] for answer in answers] == expected["activity"].tolist()
    said = [answer["probability"] for answer in answers]
    assert said == pytest.approx(expected["probability"].tolist(), abs=1e-4)


def test_a_phone_with_the_token_gets_the_answers_of_predict(run, samples, walk, tmp_path):
    expected = timeline_of(run, walk, tmp_path)
    with serving(run, "--host", "0.0.0.0") as (process, address):
        port = int(re.search(r":(\d+)/", address)[1])
        served = Served(None, port, address.split("token=")[1])
        page = requests.get(served.address(""), timeout=PATIENCE_S)
        assert f"{run.name}: activity, live" in page.text
        plain = f"http://127.0.0.1:{port}/streams"
        assert requests.get(plain, timeout=PATIENCE_S).status_code == 403
        answers = answers_of(served, samples, len(expected))
        assert ended(process, signal.SIGTERM) == (143, _ENDED)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port), 1)
    assert_same(answers, expected)


def test_an_onnx_file_is_served_without_a_button_to_teach(run, samples, walk, tmp_path):
    pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    model = tmp_path / "model.onnx"
    assert main(["export", str(run), "--to", "onnx", "--out", str(model)]) == 0
    expected = timeline_of(model, walk, tmp_path)
    with serving(model) as (_, address):
        page = requests.get(address, timeout=PATIENCE_S).text
        served = Served(None, int(re.search(r":(\d+)/", address)[1]), None)
        answers = answers_of(served, samples, len(expected))
    assert "model: activity, live" in page
    assert '"can_teach": false' in page and 'id="teach"' not in page
    assert_same(answers, expected)


@pytest.mark.slow
def test_on_this_machine_alone_no_token_is_needed_and_ctrl_c_ends_it(run):
    with serving(run) as (process, address):
        assert requests.get(f"{address}streams", timeout=PATIENCE_S).json() == {"streams": []}
        assert ended(process, signal.SIGINT) == (130, _ENDED)


def test_a_run_that_is_not_trained_is_refused_before_anything_is_bound(tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", str(tmp_path), "--host", "127.0.0.1", "--port", port]) == 1
    line = the_one_line(capsys)
    assert str(tmp_path) in line
    assert "Address already in use" not in line


def test_a_port_that_is_taken_is_one_line(run, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", str(run), "--host", "127.0.0.1", "--port", port]) == 1
    assert f"--port {port}: found Address already in use" in the_one_line(capsys)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--phyphox", "https://phone"], "--phyphox: found 'https://phone'"),
        (["--context", "none", "--delay", "1"], "--context none: found --delay 1"),
        (["--port", "70000"], "--port: found '70000'"),
        (["--phones", "0"], "--phones: found '0'"),
    ],
)
def test_a_wrong_command_line_is_one_line(tmp_path, capsys, options, found):
    try:
        status = main(["serve", str(tmp_path), *options])
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    assert found in the_one_line(capsys)


def test_without_the_extra_there_is_the_command_that_installs_it(tmp_path, monkeypatch, capsys):
    for name in [name for name in sys.modules if name.startswith(("har.serve", "uvicorn"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.setitem(sys.modules, "segno", None)
    assert main(["serve", str(tmp_path)]) == 1
    assert "pip install 'gluon-har[serve]'" in the_one_line(capsys)


def test_the_terminal_says_what_a_phone_will_ask():
    alone = _greeting(["http://localhost:8000/"], None, None)
    assert "--host 0.0.0.0 --https" in alone
    assert "http://localhost:8000/?stream" in alone
    plain = _greeting(["http://192.168.0.5:8000/?token=t"], "t", None)
    assert "http://192.168.0.5:8000/sensor-logger?token=t" in plain
    assert "█" in plain
    assert "give --https" in plain
    secure = _greeting(["https://192.168.0.5:8000/?token=t"], "t", "AB:CD")
    assert "SHA-256 fingerprint is AB:CD" in secure
    assert "allow them" in secure
