from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scored_run import make_evaluation, make_windows

from har.evaluation.notable_windows import least_sure_right_answers, surest_mistakes


@pytest.fixture(scope="module")
def windows():
    return make_windows()


@pytest.fixture(scope="module")
def evaluation(windows):
    return make_evaluation(windows)


@pytest.fixture(scope="module")
def index(windows):
    return np.arange(len(windows))


def test_mistakes_are_wrong_and_the_surest_come_first(index, evaluation):
    mistakes = surest_mistakes(evaluation, index, 6)
    surest = evaluation.probabilities.max(axis=1)
    probabilities = [mistake.probability for mistake in mistakes]
    assert len(mistakes) == 6
    assert probabilities == sorted(probabilities, reverse=True)
    assert probabilities[0] == pytest.approx(
        surest[evaluation.predicted != evaluation.labels].max()
    )
    assert not any(mistake.is_right for mistake in mistakes)


def test_unsure_predictions_are_right_and_the_least_sure_come_first(index, evaluation):
    answers = least_sure_right_answers(evaluation, index, 6)
    surest = evaluation.probabilities.max(axis=1)
    probabilities = [answer.probability for answer in answers]
    assert len(answers) == 6
    assert probabilities == sorted(probabilities)
    assert probabilities[0] == pytest.approx(
        surest[evaluation.predicted == evaluation.labels].min()
    )
    assert all(answer.is_right for answer in answers)


@pytest.mark.parametrize("find", [surest_mistakes, least_sure_right_answers])
def test_an_answer_agrees_with_the_predictions(find, index, evaluation, windows):
    for answer in find(evaluation, index, 10):
        names = np.array(windows.activities)
        probabilities = evaluation.probabilities[answer.index]
        second, first = np.argsort(probabilities)[-2:]
        assert answer.row == answer.index
        assert answer.subject == windows.subjects[answer.index]
        assert answer.true == names[windows.labels[answer.index]]
        assert (answer.predicted, answer.second) == (names[first], names[second])
        assert answer.probability == pytest.approx(probabilities[first])
        assert answer.second_probability == pytest.approx(probabilities[second])


@pytest.mark.parametrize("find", [surest_mistakes, least_sure_right_answers])
def test_each_subject_gives_one_answer_of_a_kind(find, index, evaluation):
    table = evaluation.to_frame().assign(probability=evaluation.probabilities.max(axis=1))
    of_kind = (table["true"] != table["predicted"]) == (find is surest_mistakes)
    groups = table[of_kind].groupby(["subject", "true", "predicted"])["probability"]
    extreme = groups.max() if find is surest_mistakes else groups.min()
    answers = find(evaluation, index, 10_000)
    found = {(a.subject, a.true, a.predicted): a.probability for a in answers}
    assert found == extreme.to_dict()


def test_rows_in_another_order_keep_their_index(index, evaluation):
    order = index[::-1]
    turned = replace(
        evaluation,
        labels=evaluation.labels[order],
        probabilities=evaluation.probabilities[order],
        subjects=evaluation.subjects[order],
    )
    first = surest_mistakes(evaluation, index, 1)[0]
    same = surest_mistakes(turned, order, 1)[0]
    assert replace(same, row=first.row) == first
    assert same.row == len(order) - 1 - first.row


def test_of_one_activity_there_is_no_second():
    windows = make_windows(5, activities=("LAYING",))
    answer = least_sure_right_answers(make_evaluation(windows), np.arange(5), 1)[0]
    assert (answer.probability, answer.second, answer.second_probability) == (1.0, None, 0.0)
