"""The served pages in a real browser: motion events in, the library's answers out."""

from __future__ import annotations

import asyncio

import numpy as np
import pandas as pd
import pytest
from browsing import THEMES, violations
from numpy.testing import assert_allclose
from phone_page import play, start, stop
from served import (
    PATIENCE_S,
    a_walk,
    connected,
    expected_answers,
    messages,
    names_of,
    rows_of,
    send_rows,
    served,
    wait_until,
)

from har.cli.main import main
from har.datasets.file_trees import trees_at
from har.datasets.hapt_recordings import read_recordings
from har.export.trained_model import TrainedModel
from har.inference.context import MarkovContext
from har.serve.limits import Limits
from har.serve.live_model import LiveModel
from har.signals.channels import RAW_CHANNELS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server():
    with served(token="secret", limits=HURRIED) as running:
        yield running


# A recording is played faster than any phone sends.
HURRIED = Limits(samples_per_s=1e5, messages_per_s=1e4)


def open_page(browser, address, width=390, theme="light"):
    browser.get("about:blank")
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": theme}]},
    )
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    browser.get_log("browser")
    browser.get(address)


def wait_in(browser, condition):
    """Wait until an expression of JavaScript is true."""
    browser.set_script_timeout(PATIENCE_S)
    browser.execute_async_script(
        "const done = arguments[0];"
        f"const look = () => ({condition}) ? done() : setTimeout(look, 20); look();"
    )


def played(browser, samples, n_answers, at_once=500):
    """Play samples no faster than they are answered; return answers and notes."""
    start(browser)
    wait_in(browser, "app.model.socket && app.model.socket.readyState === 1")
    for first in range(0, len(samples), at_once):
        play(browser, samples[first : first + at_once], start_s=100 + first / 50)
        # The page sends ten samples at a time, and the median filter waits for one.
        n_sent = min(first + at_once, len(samples)) // 10 * 10
        wait_in(browser, f"heard.answers.length >= {max(0, (n_sent - 1 - 128) // 64 + 1)}")
    wait_in(browser, f"heard.answers.length >= {n_answers}")
    return stop(browser)


def test_a_phones_events_are_answered_as_by_the_library(browser, server):
    walk = a_walk(12)
    expected = expected_answers(walk)
    open_page(browser, server.address(""))
    answers, notes = played(browser, walk, len(expected))
    assert [note["kind"] for note in notes] == ["info"] * 3
    assert [a["activity"] for a in answers] == [e.activity for e in expected]
    assert_allclose([a["start_s"] - 100 for a in answers], [e.start_s for e in expected], atol=1e-6)
    assert_allclose([a["probability"] for a in answers], [e.probability for e in expected], 1e-4)
    states = [e.state_probability for e in expected]
    assert_allclose([a["state_probability"] for a in answers], states, atol=1e-4)
    assert browser.get_log("browser") == []
    wait_until(lambda: names_of(server) == [])


def test_a_real_recording_is_answered_as_by_predict(browser, run, data_root, tmp_path):
    samples = read_recordings(next(trees_at(data_root / "hapt.zip")))[7].samples[:5000]
    table = pd.DataFrame(samples, columns=RAW_CHANNELS)
    table.insert(0, "time_s", np.arange(len(table)) / 50)
    table.to_csv(tmp_path / "walk.csv", index=False)
    command = ["predict", str(run), str(tmp_path / "walk.csv"), "--context", "none"]
    assert main([*command, "--out", str(tmp_path / "timeline.csv")]) == 0
    expected = pd.read_csv(tmp_path / "timeline.csv")

    trained = TrainedModel.read(run)
    context = MarkovContext.lasting(len(trained.window_format.activities))
    model = LiveModel("run", trained.window_format, trained.predict_proba, (1.0, 0.0, 0.0), context)
    with served(model, HURRIED) as server:
        open_page(browser, server.address(""))
        answers, _ = played(browser, samples, len(expected))
    assert [a["activity"] for a in answers] == expected["activity"].tolist()
    assert_allclose([a["start_s"] - 100 for a in answers], expected["start_s"], atol=1e-6)
    assert [a["warming_up"] for a in answers] == expected["warming_up"].tolist()
    assert_allclose([a["probability"] for a in answers], expected["probability"], atol=1e-4)


def test_a_page_finds_its_server_again(browser):
    walk = a_walk(6)
    with served(limits=HURRIED) as first:
        open_page(browser, first.address(""))
        start(browser)
        play(browser, walk)
        wait_in(browser, "heard.answers.length >= 3")
        browser.execute_script("app.model.socket.close()")
        wait_in(browser, "app.model.socket === null || app.model.socket.readyState === 1")
        wait_in(browser, "app.model.socket && app.model.socket.readyState === 1")
        play(browser, walk, start_s=200)
        wait_in(browser, "heard.answers.filter(({ start_s }) => start_s >= 200).length >= 3")
        answers, notes = stop(browser)
    later = [a["start_s"] for a in answers if a["start_s"] >= 200]
    assert_allclose(later, 200 + 1.28 * np.arange(len(later)), atol=1e-6)
    assert any("trying again" in note["text"] for note in notes)
    assert any("there again" in note["text"] for note in notes)


def test_a_page_says_why_it_was_cut_off(browser, server):
    open_page(browser, server.address(""))
    start(browser)
    wait_in(browser, "app.model.socket && app.model.socket.readyState === 1")
    browser.execute_script("app.model.socket.send('{}')")
    wait_in(browser, "heard.notes.some(({ kind }) => kind === 'error')")
    _, notes = stop(browser)
    assert "message: found '{}'" in [n["text"] for n in notes if n["kind"] == "error"][0]


@pytest.mark.parametrize("theme", THEMES)
def test_served_pages_have_no_violations_and_ask_nobody_else(browser, server, theme):

    async def look_on():
        async with connected(server, name="Ada & <Bob>") as phone:
            await send_rows(phone, rows_of(a_walk(6)))
            await messages(phone, "answer", 2)
            open_page(browser, server.address("", stream="Ada & <Bob>"), theme=theme)
            # The browser waits for the server, and that for this loop only to send.
            wait_in(browser, "document.querySelector('#streams a')")
            wait_in(browser, "document.getElementById('state').textContent === 'Walking'")
            await send_rows(phone, rows_of(a_walk(1), 300))
            found = violations(browser)
            text = browser.find_element("tag name", "body").text
            return found, text

    found, text = asyncio.run(look_on())
    assert found == {}
    assert "Ada & <Bob>" in text
    open_page(browser, server.address(""), theme=theme)
    assert violations(browser) == {}
    urls = browser.execute_script(
        "return performance.getEntriesByType('resource').map(({ name }) => name)"
    )
    assert [url for url in urls if not url.startswith(server.address("").split("?")[0])] == []


def test_a_viewer_without_a_name_gets_the_only_stream(browser, server):

    async def look_on():
        async with connected(server, name="Ada") as phone:
            await send_rows(phone, rows_of(a_walk(4)))
            await messages(phone, "answer", 1)
            open_page(browser, server.address("", stream=""))
            wait_in(browser, "location.search.includes('stream=Ada')")
            wait_in(browser, "document.getElementById('name').textContent === 'Ada'")

    asyncio.run(look_on())
    open_page(browser, server.address("", stream=""))
    wait_in(browser, "document.getElementById('none').hidden === false")


def test_what_is_missing_on_a_phone_without_a_gyroscope_is_said(browser, server):
    open_page(browser, server.address(""))
    start(browser)
    play(browser, a_walk(1)[:, :3])
    assert any("no gyroscope" in note["text"] for note in stop(browser)[1])
