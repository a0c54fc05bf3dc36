from __future__ import annotations

import numpy as np
from builders import refused
from numpy.testing import assert_allclose, assert_array_equal
from walkers import samples_of

from har.errors import DataError
from har.inference.live_wearing import AUTO_MEASURED_S, MEASURED_S, LiveWearing
from har.signals.channels import RAW_CHANNELS
from har.signals.orientation import UPRIGHT, axis_turn
from har.signals.streaming import LiveSamples

DAY = samples_of(("stand", 10), ("walk", 35))
POUCH = axis_turn("-y", UPRIGHT).of(DAY, RAW_CHANNELS)


def pushed(wearing, samples, gaps=()):
    """Push samples one at a time; return what comes out, where gaps are, and what is said when."""
    out, after_gap, said = [], [], {}
    for slot, sample in enumerate(samples):
        new = wearing.push(LiveSamples(sample[np.newaxis], slot, slot in gaps))
        out.append(new.samples)
        if new.is_after_gap:
            after_gap.append(slot)
        if messages := wearing.messages():
            said[slot] = messages
    wearing.finish()
    if messages := wearing.messages():
        said["end"] = messages
    return np.concatenate(out), after_gap, said


def test_a_phone_that_is_worn_otherwise_is_doubted_once_after_some_lively_seconds():
    samples, after_gap, said = pushed(LiveWearing(UPRIGHT), POUCH)
    assert_array_equal(samples, POUCH)
    assert after_gap == []
    ((slot, (doubt,)),) = said.items()
    assert slot == 50 * (10 + MEASURED_S) - 1
    assert "--upright y" in doubt


def test_a_short_stream_is_doubted_at_its_end():
    _, _, said = pushed(LiveWearing(UPRIGHT), POUCH[: 50 * 15])
    assert list(said) == ["end"]


def test_a_phone_that_is_worn_as_in_training_is_not_doubted():
    assert pushed(LiveWearing(UPRIGHT), DAY)[2] == {}


def test_a_run_that_knows_no_direction_doubts_nothing_and_cures_nothing():
    assert pushed(LiveWearing(None), POUCH)[2] == {}
    with refused(DataError, "stream", "--upright auto"):
        LiveWearing(None, upright="auto")


def test_a_named_axis_is_turned_from_the_first_sample_on():
    samples, after_gap, said = pushed(LiveWearing(UPRIGHT, upright="y"), POUCH)
    assert_allclose(samples, DAY, atol=1e-6)
    assert after_gap == []
    assert [message[:19] for message in said[0]] == ["upright: y taken to"]


def test_a_wrong_axis_is_doubted():
    said = pushed(LiveWearing(UPRIGHT, upright="z"), POUCH)[2]
    assert "worn otherwise" in list(said.values())[-1][0]


def test_auto_turns_what_follows_the_lively_seconds_as_after_a_gap():
    samples, (first,), said = pushed(LiveWearing(UPRIGHT, upright="auto"), POUCH)
    assert first == 50 * (10 + AUTO_MEASURED_S) - 1
    assert_array_equal(samples[:first], POUCH[:first])
    assert samples[first:, 0].mean() > 0.95
    assert said.keys() == {first}
    assert "from here on" in said[first][0]


def test_auto_without_lively_seconds_says_that_nothing_was_turned():
    _, _, said = pushed(LiveWearing(UPRIGHT, upright="auto"), DAY[:500])
    assert "nothing was turned" in said["end"][0]


def test_a_turn_is_chosen_by_the_last_samples_after_a_gap():
    seen = []

    def choose(recording, turns):
        seen.append(recording.samples)
        return turns[3]

    pushed(LiveWearing(UPRIGHT, RAW_CHANNELS, "auto", choose), POUCH, gaps={200})
    (remembered,) = seen
    assert_array_equal(remembered, POUCH[200:][: len(remembered)])


def test_lively_seconds_before_a_gap_count():
    walk = axis_turn("-y", UPRIGHT).of(samples_of(("walk", 14)), RAW_CHANNELS)
    said = pushed(LiveWearing(UPRIGHT), walk, gaps={300})[2]
    assert len(said) == 1
