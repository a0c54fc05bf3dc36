"""Real recordings in the forms of apps and loggers, from the file to the answers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from app_forms import FORMS, plain

from har.classifier import ActivityClassifier
from har.datasets.file_trees import trees_at
from har.datasets.hapt_recordings import find_recordings
from har.reading.recording_files import read_recording

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_each_app_that_readme_names_is_tried():
    table = README[README.index("| from | as | remarks |") :].split("\n\n")[0].splitlines()[2:-1]
    names = [name for row in table for name in re.split(", ", row.split("|")[1].strip())]
    assert set(names) <= set(FORMS)
    assert len(names) > 10


@pytest.mark.slow
@pytest.mark.parametrize("experiment", [3, 18])
def test_answers_on_a_real_recording_do_not_depend_on_its_form(
    experiment, run, data_root, tmp_path
):
    (tree,) = trees_at(data_root / "hapt.zip")
    samples = find_recordings(tree)[experiment].read().samples.astype(float)
    classifier = ActivityClassifier.load(run, "cpu")

    def answers(form, folder):
        folder.mkdir()
        path, options = form(samples, folder)
        return classifier.predict_recording(read_recording(path, **options))["activity"].tolist()

    expected = answers(plain, tmp_path / "plain")
    for name, form in FORMS.items():
        found = answers(form, tmp_path / name)
        assert len(found) == len(expected), name
        assert sum(a != b for a, b in zip(found, expected, strict=True)) <= 2, name
