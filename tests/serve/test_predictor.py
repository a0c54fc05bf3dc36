"""Windows of many streams at once: what is wrong with one of them is nobody else's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from served import a_model, a_walk, expected_answers, predict, rows_of

from har.serve.predictor import Predictor
from har.signals.channels import RAW_CHANNELS


class Phone:
    """A stream of our page, with what came of its lines."""

    def __init__(self, model):
        self.live = model.begin(model.lines_of_page())

    def receive(self, outcome):
        pass


def outcomes_of(phones, walks):
    """Return what comes of a walk of each phone, handled together."""
    predictor = Predictor()
    works = []
    for phone, walk in zip(phones, walks, strict=True):
        names = ("time_s", *RAW_CHANNELS)
        samples = [dict(zip(names, row, strict=True)) for row in rows_of(walk)]
        predictor.push(phone, [{"samples": samples}], len(samples))
        works.append(predictor._queue.get())
    return predictor._outcomes(works)


def test_a_window_that_cannot_be_predicted_ends_its_own_stream_alone():
    sizes = []

    def fragile(windows):
        sizes.append(len(windows))
        if np.abs(windows).max() > 5:
            raise ZeroDivisionError("no luck")
        return predict(windows)

    model = replace(a_model(), predict=fragile)
    walks = [a_walk(6), a_walk(6, seed=1)]
    walks[1][200:240] = 100
    good, bad = outcomes_of([Phone(model), Phone(model)], walks)
    expected = expected_answers(walks[0])
    assert good.error is None
    assert [each.probability for each in good.answers] == [e.probability for e in expected]
    assert bad.is_fault and "ZeroDivisionError: no luck" in bad.error
    assert sizes[0] == 2 * len(expected)


def test_values_that_no_sensor_gives_end_their_stream_before_any_network_sees_them():
    seen = []

    def watched(windows):
        seen.append(float(np.abs(windows).max()))
        return predict(windows)

    model = replace(a_model(), predict=watched)
    walks = [a_walk(6), a_walk(6, seed=1)]
    walks[1][200:240] = 1e20
    good, bad = outcomes_of([Phone(model), Phone(model)], walks)
    assert good.error is None and len(good.answers) == len(expected_answers(walks[0]))
    assert "expected at most 1000" in bad.error and not bad.is_fault
    assert max(seen) < 100
