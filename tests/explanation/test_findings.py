from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scored_run import make_explanation, make_windows

from har.explanation.findings import Explanation, Stretches, sources_of
from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS


@pytest.fixture
def explanation():
    return make_explanation(make_windows(20))


def again(explanation, change=lambda content: None):
    content = json.loads(json.dumps(explanation.to_dict()))
    change(content)
    return Explanation.from_dict(content)


def test_axes_of_a_signal_belong_together_and_so_do_signals_of_a_sensor():
    assert sources_of(UCI_CHANNELS) == {
        "body_acc": [0, 1, 2],
        "body_gyro": [3, 4, 5],
        "total_acc": [6, 7, 8],
        "body_acc and total_acc": [0, 1, 2, 6, 7, 8],
    }
    assert sources_of(RAW_CHANNELS) == {"acc": [0, 1, 2], "gyro": [3, 4, 5]}
    assert sources_of(("acc_x", "heart")) == {"acc": [0], "heart": [1]}


def test_a_window_of_uci_har_is_cut_into_stretches_of_a_third_of_a_second():
    assert Stretches.of(128) == Stretches(16, tuple(range(0, 113, 8)))


@pytest.mark.parametrize("n_timesteps", [1, 3, 8, 50, 300])
def test_stretches_cover_windows_of_any_length(n_timesteps):
    stretches = Stretches.of(n_timesteps)
    covered = {start + place for start in stretches.starts for place in range(stretches.size)}
    assert covered == set(range(n_timesteps))
    assert len(set(stretches.starts)) == len(stretches.starts) <= 15


def test_json_gives_back_all_of_it_with_three_digits(explanation):
    copy = again(explanation)
    assert_allclose(copy.occlusion, explanation.occlusion, rtol=1e-3, atol=1e-7)
    for read, written in zip(copy.windows, explanation.windows, strict=True):
        assert_allclose(read.signals, written.signals, rtol=1e-3, atol=1e-6)
        assert_allclose(read.attributions, written.attributions, rtol=1e-3, atol=1e-6)
        assert (read.index, read.true, read.gap) == (written.index, written.true, written.gap)
    assert_allclose(copy.states[1].values, explanation.states[1].values, atol=1e-3)
    assert copy.importances == explanation.importances
    assert copy.stretches == explanation.stretches
    # What was rounded once stays as it is.
    assert again(copy).to_dict() == copy.to_dict()


def test_sixteen_windows_and_two_pictures_of_an_lstm_take_less_than_400_kb(explanation):
    values = np.ones((5, 128, 32))
    states = tuple(replace(one, values=values) for one in explanation.states)
    many = replace(explanation, windows=explanation.windows[:1] * 16, states=states)
    assert len(json.dumps(many.to_dict(), indent=2)) < 400_000


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("windows"),
        lambda content: content.update(rate_hz="fast"),
        lambda content: content["importances"].pop(),
        lambda content: content["importances"][0].update(interval=["low", "high"]),
        lambda content: content.update(stretches=8),
        lambda content: content["n_occluded"].pop(),
        lambda content: content["stretches"]["starts"].pop(),
        lambda content: content["occlusion"].update(float16="no numbers"),
        lambda content: content["occlusion"].update(shape=[2, 2]),
        lambda content: content["windows"][0].pop("gap"),
        lambda content: content["windows"][0].update(predicted="FLYING"),
        lambda content: content["windows"][0].update(attributions=content["occlusion"]),
        lambda content: content.update(windows=[], states=[]),
        lambda content: content.update(states=[]),
        lambda content: content["states"][0].update(index=19),
        lambda content: content["states"][0].update(values=content["occlusion"]),
    ],
)
def test_what_is_damaged_cannot_be_read(explanation, change):
    with pytest.raises((KeyError, TypeError, ValueError)):
        again(explanation, change)


def test_values_that_are_no_numbers_cannot_be_read(explanation):
    explanation.occlusion[0, 0, 0] = math.nan
    with pytest.raises(ValueError, match="no numbers"):
        again(explanation)


def test_a_window_is_found_by_its_place(explanation):
    assert explanation.window(2) is explanation.windows[2]
