from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from har.evaluation.metrics import Evaluation
from har.files import write_frame
from har.runs.prediction_table import read_prediction_table

NAMES = ("1", "01", "null", "None", "NA", "nan", "True", "False", "1e3", "a,b", 'say "hi"', "−")


@pytest.mark.parametrize("subjects", [[4, 10, 4], ["P04", "NA", "010"], ["1", "2", "2b"]])
def test_names_are_read_as_they_were_written(tmp_path, subjects):
    people = np.array(subjects * 4)
    probabilities = np.random.default_rng(0).dirichlet(np.ones(len(NAMES)), len(NAMES))
    evaluation = Evaluation(np.arange(len(NAMES)), probabilities, people, NAMES)
    file = tmp_path / "predictions.csv"
    write_frame(evaluation.to_frame(), file)
    again = Evaluation.from_frame(read_prediction_table(file.read_bytes()), str(file))
    assert again.activities == NAMES
    assert_array_equal(again.labels, evaluation.labels)
    assert_array_equal(again.subjects, people)
    assert again.per_subject.keys() == evaluation.per_subject.keys()


def test_people_are_text_if_others_of_the_data_set_are(tmp_path):
    file = tmp_path / "predictions.csv"
    file.write_text("index,subject,true,predicted,p_A\n0,12,A,A,1\n")
    assert read_prediction_table(file.read_bytes())["subject"].tolist() == [12]
    assert read_prediction_table(file.read_bytes(), ["12b"])["subject"].tolist() == ["12"]
    assert read_prediction_table(file.read_bytes(), [3])["subject"].tolist() == [12]
