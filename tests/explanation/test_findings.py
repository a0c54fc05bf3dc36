from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scored_run import make_explanation, make_windows

from har.explanation.findings import Explanation, Importance, OccludedSpans, signal_groups
from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS

# An explanation of two windows, as version 0.1.0 wrote it.
WRITTEN = (
    '{"accuracy": 0.5, "n_windows": 2, "n_repeats": 5, "channels": ["acc_x", "acc_y", "acc_z"], '
    '"activities": ["SIT", "WALK"], "rate_hz": 50.0, "importances": [{"source": "acc", '
    '"lost": 0.25, "deviation": 0.0625, "interval": [0.125, 0.5]}], "stretches": {"size": 1, '
    '"starts": [0, 1]}, "n_occluded": [1, 0], "occlusion": {"shape": [2, 1, 2], '
    '"float16": "ADQAsAAAAAA="}, "windows": [{"index": 4, "subject": 9, "true": "SIT", '
    '"predicted": "WALK", "probability": 0.75, "signals": {"shape": [2, 3], '
    '"float16": "ADgAAAA8ADQAvABA"}, "attributions": {"shape": [2, 3], '
    '"float16": "ADAAAAAAAAAAuAAA"}, "gained": -0.375, "gap": 0.001, "occlusion": '
    '{"shape": [1, 2], "float16": "ADQAsA=="}}], "states": [{"index": 4, '
    '"values": {"shape": [5, 2, 1], "float16": "AAAAMAA0ADYAOAA5ADoAOwA8gDw="}, '
    '"n_forward": 1}], "n_units": 3}'
)


@pytest.fixture
def explanation():
    return make_explanation(make_windows(20))


def again(explanation, change=lambda content: None):
    content = json.loads(json.dumps(explanation.to_dict()))
    change(content)
    return Explanation.from_dict(content)


def test_axes_of_a_signal_belong_together_and_so_do_signals_of_a_sensor():
    assert signal_groups(UCI_CHANNELS) == {
        "body_acc": [0, 1, 2],
        "body_gyro": [3, 4, 5],
        "total_acc": [6, 7, 8],
        "body_acc and total_acc": [0, 1, 2, 6, 7, 8],
    }
    assert signal_groups(RAW_CHANNELS) == {"acc": [0, 1, 2], "gyro": [3, 4, 5]}
    assert signal_groups(("acc_x", "heart")) == {"acc": [0], "heart": [1]}


def test_a_window_of_uci_har_is_cut_into_spans_of_a_third_of_a_second():
    assert OccludedSpans.of(128) == OccludedSpans(16, tuple(range(0, 113, 8)))


@pytest.mark.parametrize("n_timesteps", [1, 3, 8, 50, 300])
def test_spans_cover_windows_of_any_length(n_timesteps):
    spans = OccludedSpans.of(n_timesteps)
    covered = {start + step for start in spans.starts for step in range(spans.size)}
    assert covered == set(range(n_timesteps))
    assert len(set(spans.starts)) == len(spans.starts) <= 15


def test_json_gives_back_all_of_it_with_three_digits(explanation):
    copy = again(explanation)
    assert_allclose(copy.occlusion, explanation.occlusion, rtol=1e-3, atol=1e-7)
    for read, written in zip(copy.windows, explanation.windows, strict=True):
        assert_allclose(read.signals, written.signals, rtol=1e-3, atol=1e-6)
        assert_allclose(read.attributions, written.attributions, rtol=1e-3, atol=1e-6)
        assert (read.index, read.true, read.gap) == (written.index, written.true, written.gap)
    assert_allclose(copy.states[1].values, explanation.states[1].values, atol=1e-3)
    assert copy.importances == explanation.importances
    assert copy.spans == explanation.spans
    # What was rounded once stays as it is.
    assert again(copy).to_dict() == copy.to_dict()


def test_json_of_earlier_versions_is_read_and_written_byte_for_byte():
    found = Explanation.from_dict(json.loads(WRITTEN))
    assert json.dumps(found.to_dict()) == WRITTEN
    assert found.importances == (Importance("acc", 0.25, 0.0625, [0.125, 0.5]),)
    assert found.spans == OccludedSpans(1, (0, 1))
    (window,), (states,) = found.windows, found.states
    assert (window.index, window.subject, window.true, window.predicted) == (4, 9, "SIT", "WALK")
    assert (window.probability, window.gained, window.gap) == (0.75, -0.375, 0.001)
    assert window.signals.tolist() == [[0.5, 0, 1], [0.25, -1, 2]]
    assert window.attributions.tolist() == [[0.125, 0, 0], [0, -0.5, 0]]
    assert window.occlusion.tolist() == [[0.25, -0.125]]
    assert states.values.ravel().tolist() == [step / 8 for step in range(10)]
    assert (states.index, states.n_forward, found.n_units) == (4, 1, 3)


@given(
    st.builds(
        Importance,
        signal=st.text(),
        lost=st.floats(-1, 1),
        deviation=st.floats(0, 1),
        interval=st.none() | st.lists(st.floats(-1, 1), min_size=2, max_size=2),
    )
)
def test_an_importance_comes_back_from_json_as_it_was(importance):
    assert Importance.from_dict(json.loads(json.dumps(importance.to_dict()))) == importance


@given(st.integers(1, 1000).map(OccludedSpans.of))
def test_spans_come_back_from_json_as_they_were(spans):
    assert OccludedSpans.from_dict(json.loads(json.dumps(spans.to_dict()))) == spans


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


def test_a_window_is_found_by_its_index(explanation):
    assert explanation.window(2) is explanation.windows[2]
