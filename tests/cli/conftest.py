"""What tests of the verbs share: a real recording."""

from __future__ import annotations

import pytest
from written_recordings import write_csv

from har.datasets.file_trees import trees_at
from har.datasets.hapt_recordings import find_recordings


@pytest.fixture(scope="module")
def samples(data_root):
    """40 s of the first recording of subject 2, a test subject."""
    (tree,) = list(trees_at(data_root / "hapt.zip"))
    return find_recordings(tree)[4].read().samples[8000:10_000]


@pytest.fixture(scope="module")
def walk(samples, tmp_path_factory):
    file = tmp_path_factory.mktemp("recordings") / "walk.csv"
    write_csv(file, samples)
    return file
