"""The page for phones: the same answers as here, in a real browser, from motion events."""

from __future__ import annotations

import json
import time
from html import unescape

import numpy as np
import pandas as pd
import pytest
from browsing import THEMES, show, violations
from builders import refused
from numpy.testing import assert_allclose
from phone_page import ASKING_PHONE, IPHONE, G, play, sense, start, stop
from random_models import ACTIVITIES, random_model
from walkers import samples_of

from har.cli.main import main
from har.config import ModelConfig
from har.datasets.file_trees import trees_at
from har.datasets.hapt_recordings import find_recordings
from har.datasets.own.spellings import folded
from har.errors import DataError
from har.export.page_network import network_form
from har.export.trained_model import TrainedModel
from har.export.web_page import PageSettings, page_html, write
from har.inference.context import MarkovContext
from har.inference.live import LiveTimeline
from har.report.wording import activity_label
from har.signals.activities import UCI_ACTIVITIES
from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS
from har.signals.filters import uci_har_channels
from har.signals.orientation import AXES, UPRIGHT, nearest_axis, shortest_turn
from har.signals.streaming import LiveSamples
from har.signals.windows import sliding_windows

WITH_CONVOLUTIONS = {"conv_channels": 4, "conv_kernel": 5, "conv_layers": 2, "conv_stride": 2}
# Each option of a network in at least one of its values.
SETTINGS = [
    {"pooling": "last"},
    {"pooling": "last", "bidirectional": True},
    {"pooling": "sum", "n_layers": 3, "bidirectional": True, "kernel": "cells"},
    {"pooling": "attention", "bidirectional": True},
    {"pooling": "mean", "embedding_size": 7, "views": ("normalised",)},
    {"pooling": "max", **WITH_CONVOLUTIONS, "conv_stride": 1, "conv_kernel": 4},
    {"pooling": "mean_max", **WITH_CONVOLUTIONS, "conv_skip": True, "embedding_size": 3},
    {"pooling": "last", "views": ("compressed", "channels"), **WITH_CONVOLUTIONS},
    {"pooling": "mean", "standardise": False},
    {"pooling": "attention", "align_heading": True, "views": ("normalised", "channels")},
    {"pooling": "mean", "summary_size": 7},
    {"pooling": "mean", "summary_size": 7, "align_heading": True, **WITH_CONVOLUTIONS},
    {"pooling": "mean", "n_members": 3, "n_aligned_members": 1},
]
WALK = samples_of(("stand", 6), ("walk", 24), ("lie", 5))
# A network of the page's own kind that is quick to run.
SMALL = {"pooling": "mean_max", "bidirectional": True, "summary_size": 5, "conv_channels": 4}
SMALL |= {"conv_skip": True, "views": ("channels", "compressed", "normalised")}


def config_of(settings):
    return ModelConfig(**{"n_layers": 1, "hidden_size": 5, **settings})


@pytest.fixture(scope="module")
def model():
    return random_model(config_of(SMALL), n_timesteps=128)


@pytest.fixture(scope="module")
def page(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "phone.html"
    write(model, path)
    return path


@pytest.fixture
def phone(browser, page):
    """The page on a phone, with a phone's sensors and without this machine's."""
    show(browser, page, 390)
    return browser


def rows_of(answers, activities=ACTIVITIES):
    """Return the probabilities of answers, in the order of activities."""
    return np.array([[a["probabilities"][name] for name in activities] for a in answers])


def random_windows(n_windows, n_timesteps=32, n_channels=9, seed=0):
    """Return windows in which the first axis of the last triad has gravity."""
    random = np.random.default_rng(seed)
    windows = 0.3 * random.normal(size=(n_windows, n_timesteps, n_channels))
    windows[..., -3] += 1.0
    return windows.astype(np.float32)


def expected_rows(model, *stretches):
    """Work probabilities out from whole stretches of samples at 50 Hz."""
    windows = [
        sliding_windows(uci_har_channels(stretch.astype(np.float32), "settled"), 128, 64)
        for stretch in stretches
    ]
    return model.predict_proba(np.concatenate(windows).astype(np.float32))


# --- the network ---------------------------------------------------------------------------------


@pytest.mark.browser
def test_networks_of_all_settings_give_the_same_probabilities(phone):
    cases = [random_model(config_of(settings)) for settings in SETTINGS]
    cases.append(random_model(config_of({}), temperature=1.7))
    cases.append(random_model(config_of({}), ("acc_x", "acc_y", "acc_z", "gyro_x")))
    windows = [random_windows(3, n_channels=len(m.window_format.channels)) for m in cases]
    found = phone.execute_script(
        "return arguments[0].map(([form, windows]) => { const network = new Network(form);"
        "return windows.map(window => [...network.predict(Float32Array.from(window))]); })",
        [[network_form(m), w.reshape(3, -1).tolist()] for m, w in zip(cases, windows, strict=True)],
    )
    for case, of_case, rows in zip(cases, windows, found, strict=True):
        assert_allclose(rows, case.predict_proba(of_case), rtol=0, atol=2e-6)
        assert np.ptp(rows, axis=1).min() > 0.005


# --- real recordings -----------------------------------------------------------------------------


@pytest.mark.browser
def test_motion_events_of_a_real_recording_are_answered_as_by_predict(
    browser, run, data_root, tmp_path
):
    samples = find_recordings(next(trees_at(data_root / "hapt.zip")))[7].read().samples[:7000]
    table = pd.DataFrame(samples, columns=RAW_CHANNELS)
    table.insert(0, "time_s", np.arange(len(table)) / 50)
    table.to_csv(tmp_path / "walk.csv", index=False)
    command = ["predict", str(run), str(tmp_path / "walk.csv"), "--context", "none"]
    assert main([*command, "--out", str(tmp_path / "timeline.csv")]) == 0
    expected = pd.read_csv(tmp_path / "timeline.csv")

    model = TrainedModel.read(run)
    assert main(["export", str(run), "--to", "web", "--out", str(tmp_path / "phone.html")]) == 0
    show(browser, tmp_path / "phone.html", 390)
    start(browser)
    play(browser, samples)
    answers, notes = stop(browser)
    assert notes == []
    assert [a["activity"] for a in answers] == expected["activity"].tolist()
    assert_allclose([a["start_s"] - 100 for a in answers], expected["start_s"], atol=1e-6)
    assert [a["warming_up"] for a in answers] == expected["warming_up"].tolist()
    assert_allclose([a["probability"] for a in answers], expected["probability"], atol=1e-4)
    found = rows_of(answers, UCI_ACTIVITIES)
    assert_allclose(found, expected_rows(model, samples), rtol=0, atol=1e-4)
    assert len({a["activity"] for a in answers}) > 2
    states = live_states(model, samples)
    assert [a["state"] for a in answers] == [state for state, _ in states]
    assert_allclose([a["state_probability"] for a in answers], [p for _, p in states], atol=1e-4)


def live_states(model, samples):
    form = model.window_format
    context = MarkovContext.lasting(len(form.activities))
    live = LiveTimeline(model.predict_proba, form, context=context)
    answers = live.push(LiveSamples(samples.astype(np.float32), 0, False)) + live.finish()
    return [(answer.state, answer.state_probability) for answer in answers]


# --- events at other times, of other systems -----------------------------------------------------


@pytest.mark.browser
def test_events_at_another_rate_lie_on_a_grid_of_20_ms_and_a_gap_starts_anew(phone, model):
    random = np.random.default_rng(0)
    times_s = np.arange(0, 34, 1 / 60) + random.uniform(0, 0.004, 34 * 60)
    times_s = times_s[(times_s < 20) | (times_s > 21)]
    grid_s = np.arange(len(WALK)) / 50
    samples = np.column_stack([np.interp(times_s, grid_s, column) for column in WALK.T])
    start(phone)
    play(phone, samples[:500], times_s=100 + times_s[:500])
    # Repeated and late, even before the first: as if they were not there.
    play(phone, 2 * samples[:40], times_s=99.9 + times_s[:40])
    play(phone, samples[500:], times_s=100 + times_s[500:])
    answers, notes = stop(phone)
    assert [note["kind"] for note in notes] == ["info"]
    stretches = []
    for part in (times_s < 20, times_s > 20):
        # Steps are counted from the first event.
        steps = (times_s[part] - times_s[0]) * 50
        slots = np.arange(np.ceil(steps[0] - 1e-9), steps[-1])
        stretches.append(
            np.column_stack([np.interp(slots, steps, column) for column in samples[part].T])
        )
    assert_allclose(rows_of(answers), expected_rows(model, *stretches), rtol=0, atol=1e-5)


@pytest.mark.browser
def test_an_iphone_is_asked_within_the_tap_and_its_signs_are_turned_round(browser, page, model):
    browser.execute_cdp_cmd("Emulation.setUserAgentOverride", {"userAgent": IPHONE})
    try:
        show(browser, page, 390)
        browser.execute_script(ASKING_PHONE)
        start(browser)
        assert browser.execute_script("return asked") is True
        play(browser, WALK, sign=-1)
        answers, notes = stop(browser)
    finally:
        browser.execute_cdp_cmd("Emulation.setUserAgentOverride", {"userAgent": ""})
    assert notes == []
    assert_allclose(rows_of(answers), expected_rows(model, WALK), rtol=0, atol=1e-5)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("async () => 'denied'", "Motion was not allowed."),
        ("async () => { throw new Error('too late'); }", "did not ask for permission: too late"),
    ],
)
def test_a_phone_that_keeps_its_motion_back_is_explained(phone, answer, said):
    phone.execute_script(f"DeviceMotionEvent.requestPermission = {answer};")
    phone.find_element("id", "start").click()
    phone.execute_async_script("setTimeout(arguments[0], 20)")
    assert said in phone.find_element("id", "note-list").text
    assert phone.find_element("id", "start").text == "Start"


@pytest.mark.browser
def test_conventions_of_motion_events(phone):
    event = {
        "timeStamp": 1500,
        "accelerationIncludingGravity": {"x": 0, "y": 4.903325, "z": 9.80665},
        "rotationRate": {"alpha": 180, "beta": 90, "gamma": -45},
    }
    half_turns = [np.pi, np.pi / 2, -np.pi / 4]
    of = "const [event, isReversed] = arguments; return sampleOf(event, isReversed)"
    assert_allclose(phone.execute_script(of, event, False), [1.5, 0, 0.5, 1, *half_turns])
    assert_allclose(phone.execute_script(of, event, True), [1.5, 0, -0.5, -1, *half_turns])
    empty = {"alpha": None, "beta": None, "gamma": None}
    assert len(phone.execute_script(of, event | {"rotationRate": empty}, False)) == 4
    assert len(phone.execute_script(of, event | {"rotationRate": None}, False)) == 4
    without = {"x": None, "y": None, "z": None}
    assert (
        phone.execute_script(of, event | {"accelerationIncludingGravity": without}, False) is None
    )

    is_apple = "return isApplePhone(arguments[0])"
    pad = {"userAgent": "Mozilla/5.0 (Macintosh)", "platform": "MacIntel", "maxTouchPoints": 5}
    assert phone.execute_script(is_apple, {"userAgent": IPHONE})
    assert phone.execute_script(is_apple, pad)
    assert not phone.execute_script(is_apple, pad | {"maxTouchPoints": 0})
    assert not phone.execute_script(is_apple, {"userAgent": "Mozilla/5.0 (Linux; Android 15)"})

    up = "return arguments[0].map(([beta, gamma]) => upward({ beta, gamma }))"
    # On its back, upright, on its face, on its left edge, with its left edge up.
    poses = [[0, 0], [90, 0], [180, 0], [0, -90], [0, 90]]
    ups = [[0, 0, 1], [0, 1, 0], [0, 0, -1], [1, 0, 0], [-1, 0, 0]]
    assert_allclose(phone.execute_script(up, poses), ups, atol=1e-12)


@pytest.mark.browser
def test_chromiums_own_sensors_have_these_conventions_and_round_to_a_tenth(phone):
    sample = sense(phone, (1.23, 2.34, 9.71), (1.0, 0.5, -0.25))
    stop(phone)
    assert_allclose(np.multiply(sample[1:4], G), [1.2, 2.3, 9.7], atol=1e-9)
    assert_allclose(np.degrees(sample[4:]), [57.3, 28.6, -14.3], atol=1e-9)


LIE_STILL = """
const event = new DeviceOrientationEvent("deviceorientation", { alpha: 0, beta: 0, gamma: 0 });
window.dispatchEvent(event);
"""


def notes_shown(browser):
    return browser.execute_script(
        "return [...document.querySelectorAll('#note-list li')].map(item => item.textContent)"
    )


@pytest.mark.browser
def test_signs_that_contradict_how_a_still_phone_lies_are_doubted_until_they_are_right(phone):
    still = np.zeros((60, 6))
    still[:, 2] = 1
    start(phone)
    phone.execute_script(LIE_STILL)
    play(phone, still)
    assert notes_shown(phone) == []
    # Reversed by mistake, and set right again.
    for time_s, is_doubted in ((102, True), (104, False), (106, True)):
        phone.execute_script("document.getElementById('reversed').click()")
        assert not phone.find_element("id", "notes").is_displayed()
        play(phone, still, start_s=time_s)
        found = notes_shown(phone)
        assert ["signs of acceleration contradict" in note for note in found] == [True] * is_doubted
    notes = stop(phone)[1]
    assert [note["kind"] for note in notes] == ["doubt"] * 2


@pytest.mark.browser
def test_a_pause_is_no_low_rate_and_a_low_rate_is_doubted_while_it_lasts(phone):
    start(phone)
    play(phone, WALK[:60, :3])
    play(phone, WALK[:300, :3], start_s=103.5)
    heard = "return heard.notes.filter(({ key }) => key === 'rate').map(({ text }) => text)"
    assert phone.execute_script(heard) == []
    play(phone, WALK[:200, :3], rate_hz=20, start_s=110)
    assert [note[:27] for note in phone.execute_script(heard)] == ["Only 20 samples a second co"]
    assert any("Only 20" in note for note in notes_shown(phone))
    play(phone, WALK[:700, :3], start_s=120)
    assert not any("Only" in note for note in notes_shown(phone))
    stop(phone)


@pytest.mark.browser
def test_a_slow_phone_is_spared(phone):
    phone.execute_script("""
        window.count = { predict: 0, draw: 0, resize: 0 };
        const { predict } = Network.prototype, { drawSignals } = View.prototype;
        Network.prototype.predict = function (window) {
          count.predict++;
          return predict.call(this, window);
        };
        View.prototype.drawSignals = function () { count.draw++; drawSignals.call(this); };
        const usual = Object.getOwnPropertyDescriptor(HTMLCanvasElement.prototype, "width");
        Object.defineProperty(HTMLCanvasElement.prototype, "width", {
          ...usual, set(value) { count.resize++; usual.set.call(this, value); },
        });
    """)
    start(phone)
    # Compiled before the first sample, and only then.
    prepared = phone.execute_script("return count.predict")
    assert prepared > 0
    phone.execute_script("app.restartModel()")
    assert phone.execute_script("return count.predict") == prepared
    before_ms = phone.execute_script("count.draw = count.resize = 0; return performance.now()")
    for first in range(0, 300, 10):
        play(phone, WALK[first : first + 10], start_s=100 + first / 50)
        phone.execute_async_script("requestAnimationFrame(arguments[0])")
    found, now_ms = phone.execute_script("return [count, performance.now()]")
    assert 1 <= found["draw"] <= 2 + (now_ms - before_ms) / 100
    assert found["resize"] == 0
    stop(phone)


@pytest.mark.browser
def test_what_a_phone_lacks_is_said(phone):
    start(phone)
    phone.execute_script("app.sensors.doubtSilence()")
    play(phone, WALK[:200, :3], rate_hz=20)
    answers, notes = stop(phone)
    assert answers == []
    said = " ".join(note["text"] for note in notes)
    assert "No motion came from this device" in said
    assert "This phone has no gyroscope, which the network needs." in said
    assert "Only 20 samples a second come" in said
    assert phone.find_element("id", "notes").is_displayed()


# --- how it is worn ------------------------------------------------------------------------------


@pytest.mark.browser
def test_turns_of_all_axes_are_those_of_har(phone):
    random = np.random.default_rng(1)
    pairs = [(AXES[one], AXES[other]) for one in AXES for other in AXES]
    pairs += [tuple(random.normal(size=(2, 3)).tolist()) for _ in range(30)]
    found = phone.execute_script("return arguments[0].map(pair => shortestTurn(...pair))", pairs)
    for pair, matrix in zip(pairs, found, strict=True):
        assert_allclose(matrix, shortest_turn(*pair), atol=1e-9)
    axes = phone.execute_script("return arguments[0].map(([one]) => nearestAxis(one))", pairs)
    assert axes == [nearest_axis(one) for one, _ in pairs]


CHOOSE = """
document.getElementById("wearing").value = arguments[0];
document.getElementById("wearing").dispatchEvent(new Event("change"));
"""


@pytest.mark.browser
def test_a_phone_in_a_pocket_is_doubted_and_turned_by_hand_or_by_itself(phone, model):
    # Its top edge points up: the turn from y to x is undone.
    back = shortest_turn(AXES["y"], UPRIGHT).T
    worn = np.column_stack([WALK[:, :3] @ back.T, WALK[:, 3:] @ back.T]).astype(np.float32)
    start(phone)
    play(phone, worn)
    assert "gravity pointed along y" in notes_shown(phone)[0]
    phone.execute_script(CHOOSE, "")
    assert notes_shown(phone) == []
    notes = stop(phone)[1]
    assert len(notes) == 1

    phone.execute_script("document.getElementById('wearing').value = 'y'")
    start(phone)
    play(phone, worn)
    answers, notes = stop(phone)
    assert notes == []
    assert_allclose(rows_of(answers), expected_rows(model, WALK), rtol=0, atol=1e-5)

    phone.execute_script("document.getElementById('wearing').value = 'auto'")
    start(phone)
    can_record = "return !document.getElementById('record').disabled"
    play(phone, worn[:500])
    assert not phone.execute_script(can_record)
    play(phone, worn[500:], start_s=110)
    assert phone.execute_script(can_record)
    answers, notes = stop(phone)
    assert [note["kind"] for note in notes] == ["info"]
    assert "axes were turned by" in notes[0]["text"]
    # Ten lively seconds after the sixth.
    gravity = phone.execute_script("return app.view.samples.at(-1)")
    assert nearest_axis(np.array(gravity[1:4])) == "z"
    assert answers[-1]["start_s"] > 130
    # From the turn on, all is as in a recording that was turned from there on.
    starts_s = np.array([answer["start_s"] for answer in answers])
    first = np.flatnonzero(np.abs(np.diff(starts_s) - 1.28) > 1e-6)[0] + 1
    turn = np.array(phone.execute_script("return app.wearing.matrix"))
    later = worn[round((starts_s[first] - 100) * 50) :]
    later = np.column_stack([later[:, :3] @ turn.T, later[:, 3:] @ turn.T])
    assert_allclose(rows_of(answers[first:]), expected_rows(model, later), rtol=0, atol=1e-5)


# --- recording -----------------------------------------------------------------------------------


def tap(browser, name):
    browser.execute_script(
        "[...document.querySelectorAll('#label-buttons button')]"
        ".find(button => button.textContent === arguments[0]).click()",
        name,
    )


PRESSED = """
const pressed = document.querySelectorAll("#label-buttons [aria-pressed=true]");
return [...pressed].map(({ value }) => value);
"""


def record(browser, person, parts, start_s, added=""):
    """Record labelled parts of a person: label and samples."""
    browser.execute_script("document.getElementById('person').value = arguments[0]", person)
    browser.find_element("id", "record").click()
    if added:
        buttons = browser.find_element("id", "label-buttons").text
        browser.find_element("id", "new-label").send_keys(added)
        browser.find_element("id", "add-label").click()
        assert browser.find_element("id", "label-buttons").text == buttons
        assert browser.execute_script(PRESSED) == ["Nordic walking"]
    for label, samples in parts:
        tap(browser, label)
        play(browser, samples, start_s=start_s)
        start_s += len(samples) / 50
    browser.find_element("id", "record").click()
    return start_s


def saved(folder, name):
    """Wait for a file that the browser saves."""
    for _ in range(1000):
        if found := sorted(folder.glob(name)):
            return found[-1]
        time.sleep(0.02)
    raise AssertionError(f"no {name} in {list(folder.iterdir())}")


@pytest.mark.browser
def test_recordings_of_two_people_are_trained_on_as_they_are(phone, tmp_path, capsys):
    folder = tmp_path / "recorded"
    folder.mkdir()
    phone.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)}
    )
    start(phone)
    phone.find_element("id", "record").click()
    assert phone.find_element("id", "recorded").text == "Name the person first."
    field = phone.find_element("id", "new-label")
    time_s = 100.0
    for seed, person in enumerate(["Ann", "Ben, Junior"]):
        walk, stand = (samples_of((what, 12), seed=seed) for what in ("walk", "stand"))
        if not seed:
            # A name with a comma in it would be two cells.
            phone.execute_script("document.getElementById('labels').disabled = false")
            field.send_keys("Nordic,  walking")
            phone.find_element("id", "add-label").click()
        time_s = record(phone, person, [("Nordic walking", walk), ("Stand", stand)], time_s + 1)
    recorded = phone.find_element("id", "recorded").text
    assert "Ben Junior, STAND: 12 s" in recorded
    # A wrong one, of a person and with an activity in other spellings.
    phone.execute_script("window.confirm = (question) => { window.asked = question; return true; }")
    record(phone, " ben  JUNIOR", [("Stand", WALK[:50])], time_s + 1, added="nordic_Walking")
    assert "Ben Junior, STAND: 13 s" in phone.find_element("id", "recorded").text
    phone.find_element("id", "discard").click()
    asked = "Discard the last recording, of Ben Junior, 1 s?"
    assert phone.execute_script("return asked") == asked
    assert phone.find_element("id", "recorded").text == recorded
    phone.find_element("id", "save").click()
    table = saved(folder, "motion-*.csv")
    phone.find_element("id", "save-table").click()
    saved(folder, "recordings.csv")
    stop(phone)

    recorded = pd.read_csv(table)
    assert recorded["subject"].unique().tolist() == ["Ann", "Ben Junior"]
    assert recorded["activity"].unique().tolist() == ["Nordic walking", "STAND"]
    assert_allclose(recorded["acc_x (g)"][:600], samples_of(("walk", 12))[:, 0], atol=1e-6)
    command = ["train", "--config", "quick", "--data.set", "recordings", "--device", "cpu"]
    command += ["--data.root", str(folder), "--data.test_subjects", "[Ben Junior]"]
    command += ["--data.n_validation_subjects", "0", "--training.n_epochs", "2"]
    command += [
        "--model.hidden_size",
        "4",
        "--training.calibrate",
        "false",
        "--training.keep",
        "last",
    ]
    assert main([*command, "--out", str(tmp_path / "run")]) == 0
    predictions = pd.read_csv(tmp_path / "run" / "predictions.csv")
    assert set(predictions["subject"]) == {"Ben Junior"}
    assert set(predictions["true"]) == {"Nordic walking", "STAND"}


FAKE_LOCK = """
window.locks = [];
class Lock {
  released = false;
  async release() { this.released = true; }
}
const request = () => new Promise((given) => locks.push({ lock: new Lock(), given }));
Object.defineProperty(navigator, "wakeLock", { value: { request }, configurable: true });
"""
ANSWER_LOCKS = """
for (const { lock, given } of locks) given(lock);
setTimeout(() => arguments[0](locks.map(({ lock }) => !lock.released)), 20);
"""


@pytest.mark.browser
def test_the_screen_stays_on_no_longer_than_the_page_runs(phone):
    phone.execute_script(FAKE_LOCK)
    start(phone)
    stop(phone)
    assert phone.execute_async_script(ANSWER_LOCKS) == [False]
    start(phone)
    phone.execute_script("document.dispatchEvent(new Event('visibilitychange'))")
    assert phone.execute_async_script(ANSWER_LOCKS) == [False, True, False]
    stop(phone)
    assert phone.execute_async_script(ANSWER_LOCKS) == [False, False, False]


@pytest.mark.browser
def test_names_fold_as_har_folds_them(phone):
    names = ["Walking  upstairs", "WALKING_UPSTAIRS", "walking-UPSTAIRS", "P01", "p1", "P100"]
    names += ["1.0", "01", "0", "Straße", "ＡＢ", "s10 007"]
    found = phone.execute_script("return arguments[0].map(folded)", names)
    assert found == [folded(name) for name in names]


FAKE_MODEL = """
class Model {
  constructor(settings, onAnswer, onNote) { window.made = { settings, onAnswer, onNote }; }
  push(samples) { window.last = samples; }
  close() { window.isClosed = true; }
  async teach(recording) {
    window.taught = recording;
    made.onNote({ kind: "info", text: "Thanks." });
  }
}
"""


@pytest.mark.browser
def test_another_model_takes_its_place_and_is_taught(browser, tmp_path):
    settings = PageSettings("theirs", ("A", "B"), 6, UPRIGHT, can_teach=True, model={"token": "1"})
    (tmp_path / "page.html").write_text(page_html(settings, [FAKE_MODEL]))
    show(browser, tmp_path / "page.html", 390)
    start(browser)
    assert browser.execute_script("return made.settings.model") == {"token": "1"}
    record(browser, "Ann", [("B", WALK[:100])], 100.0)
    assert len(browser.execute_script("return last")[0]) == 7
    browser.find_element("id", "teach").click()
    taught = browser.execute_script("return taught")
    assert taught["subject"] == "Ann"
    assert set(taught["labels"]) == {"B"}
    assert_allclose(np.array(taught["samples"])[:, 1:], WALK[:100], atol=1e-6)
    # What it has learned may have another name.
    answer = {"start_s": 100, "end_s": 102.56, "activity": "C", "probability": 0.7, "state": "C"}
    answer |= {"state_probability": 0.8, "warming_up": False}
    answer["probabilities"] = {"A": 0.1, "B": 0.2, "C": 0.7}
    browser.execute_script("made.onAnswer(arguments[0])", answer)
    assert browser.find_element("id", "shares").text.split("\n")[-2:] == ["C", "70 %"]
    assert browser.find_element("id", "activity").text == "C"
    assert stop(browser)[1] == [{"kind": "info", "text": "Thanks."}]
    assert browser.execute_script("return isClosed")


# --- the page itself -----------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("theme", THEMES)
def test_the_page_fits_a_phone_is_accessible_and_asks_for_nothing(browser, page, theme):
    messages = show(browser, page, 390, theme)
    start(browser)
    play(browser, WALK)
    browser.find_element("id", "person").send_keys("Ann")
    browser.find_element("id", "record").click()
    browser.execute_script("app.view.note({ kind: 'doubt', text: 'A doubt.' })")
    labels = {activity_label(name) for name in ACTIVITIES}
    assert browser.find_element("id", "activity").text in labels
    assert violations(browser) == {}
    overflows = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.execute_script(overflows) == 0
    small = browser.execute_script(
        "return [...document.querySelectorAll('button, select, input:not([type=checkbox])')]"
        ".filter(one => one.getBoundingClientRect().height < 44).map(one => one.id)"
    )
    assert small == []
    labels = browser.execute_script(
        "return [...document.querySelectorAll('canvas')].map(one => one.getAttribute('aria-label'))"
    )
    assert all("not started" not in label for label in labels)
    stop(browser)
    messages += [
        json.loads(entry["message"])["message"] for entry in browser.get_log("performance")
    ]
    requested = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    assert [url for url in requested if not url.startswith("data:")] == [page.as_uri()]
    assert browser.get_log("browser") == []


def test_names_cannot_end_the_scripts_of_a_page():
    settings = PageSettings("</script><b>", ("</script>", "<!--"), 6, None)
    text = page_html(settings, ["class Model {}"])
    assert text.count("</script>") == 2
    assert "<b>" not in text
    assert "<!--" not in text


def test_the_page_has_a_strict_policy_and_one_file_says_its_size(model, tmp_path):
    lines = write(model, tmp_path / "phone.html")
    text = unescape((tmp_path / "phone.html").read_text())
    assert "default-src 'none'; script-src 'sha256-" in text
    assert "connect-src 'none'" in text
    assert "http://" not in text
    assert "https://" not in text.replace("on https:// or localhost", "")
    size = f"{(tmp_path / 'phone.html').stat().st_size / 1e6:.2f} MB"
    assert lines[0].startswith(f"{tmp_path / 'phone.html'}: a page of {size} with the network")
    assert "nothing that it measures leaves it" in text
    served = page_html(PageSettings("theirs", ("A",), 6, None, connects_to="'self'"), [FAKE_MODEL])
    assert "leaves it" not in served


def test_a_page_says_which_axis_pointed_up_in_training_and_what_it_does_not_find(tmp_path):
    upside_down = page_html(PageSettings("theirs", ("A",), 6, (-0.9, 0.1, 0.2)), [FAKE_MODEL])
    assert '<option value="">as in training: −x</option>' in upside_down
    unknown = page_html(PageSettings("theirs", ("A",), 6, None), [FAKE_MODEL])
    assert '<option value="">as in training</option>' in unknown
    said = {}
    for settings in ({}, {"align_heading": True}, {"n_members": 2, "n_aligned_members": 1}):
        network = random_model(config_of(settings), n_timesteps=128)
        lines = write(network, tmp_path / "phone.html")
        said[tuple(settings)] = any("not which way the phone then faces" in line for line in lines)
    assert list(said.values()) == [True, False, True]


def test_acceleration_alone_needs_no_gyroscope():
    channels = tuple(name for name in UCI_CHANNELS if "acc" in name)
    model = random_model(config_of({}), channels, n_timesteps=128)
    assert PageSettings.of(model).n_raw_channels == 3


def test_a_network_on_other_channels_is_refused_in_one_line(tmp_path):
    model = random_model(config_of({}), ("acc_x", "acc_y", "acc_z"))
    with refused(DataError, "found one of acc_x, acc_y, acc_z at 50 Hz"):
        write(model, tmp_path / "phone.html")
    assert list(tmp_path.iterdir()) == []
