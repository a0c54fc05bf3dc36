from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scored_run import make_evaluation, make_run, make_windows

from har.answers import least_sure_right_answers, surest_mistakes
from har.results import Results


@pytest.fixture(scope="module")
def windows():
    return make_windows()


@pytest.fixture(scope="module")
def evaluation(windows):
    return make_evaluation(windows)


@pytest.fixture(scope="module")
def results(tmp_path_factory, windows):
    return Results.read(make_run(tmp_path_factory.mktemp("answers") / "run", windows))


def test_mistakes_are_wrong_and_the_surest_come_first(results, evaluation):
    mistakes = surest_mistakes(results, 6)
    surest = evaluation.probabilities.max(axis=1)
    probabilities = [mistake.probability for mistake in mistakes]
    assert len(mistakes) == 6
    assert probabilities == sorted(probabilities, reverse=True)
    assert probabilities[0] == pytest.approx(
        surest[evaluation.predicted != evaluation.labels].max()
    )
    assert not any(mistake.is_right for mistake in mistakes)


def test_unsure_answers_are_right_and_the_least_sure_come_first(results, evaluation):
    answers = least_sure_right_answers(results, 6)
    surest = evaluation.probabilities.max(axis=1)
    probabilities = [answer.probability for answer in answers]
    assert len(answers) == 6
    assert probabilities == sorted(probabilities)
    assert probabilities[0] == pytest.approx(
        surest[evaluation.predicted == evaluation.labels].min()
    )
    assert all(answer.is_right for answer in answers)


@pytest.mark.parametrize("find", [surest_mistakes, least_sure_right_answers])
def test_an_answer_says_what_the_predictions_say(find, results, evaluation, windows):
    for answer in find(results, 10):
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
def test_each_subject_gives_one_answer_of_a_kind(find, results):
    table = results.predictions
    of_kind = (table["true"] != table["predicted"]) == (find is surest_mistakes)
    groups = table[of_kind].groupby(["subject", "true", "predicted"])["probability"]
    extreme = groups.max() if find is surest_mistakes else groups.min()
    found = {(a.subject, a.true, a.predicted): a.probability for a in find(results, 10_000)}
    assert found == extreme.to_dict()


def test_rows_in_another_order_keep_their_index(results):
    order = np.arange(len(results.predictions))[::-1]
    turned = replace(
        results,
        predictions=results.predictions.iloc[order].reset_index(drop=True),
        evaluation=replace(
            results.evaluation,
            labels=results.evaluation.labels[order],
            probabilities=results.evaluation.probabilities[order],
            subjects=results.evaluation.subjects[order],
        ),
    )
    first, same = surest_mistakes(results, 1)[0], surest_mistakes(turned, 1)[0]
    assert replace(same, row=first.row) == first
    assert same.row == len(order) - 1 - first.row


def test_of_one_activity_there_is_no_second(tmp_path):
    windows = make_windows(5, activities=("LAYING",))
    answer = least_sure_right_answers(Results.read(make_run(tmp_path / "run", windows)), 1)[0]
    assert (answer.probability, answer.second, answer.second_probability) == (1.0, None, 0.0)
