"""``har fetch`` as a person runs it."""

from __future__ import annotations

import pytest

from har.cli.main import main
from har.datasets.catalogue import PUBLISHED
from har.datasets.published.readers import READERS


def test_every_published_set_can_be_fetched():
    assert set(PUBLISHED) == set(READERS)


@pytest.mark.parametrize(("arguments", "name"), [([], "UCI HAR"), (["hapt"], "HAPT")])
def test_fetch_says_what_is_there_and_what_its_use_asks_for(arguments, name, data_root, capsys):
    assert main(["fetch", *arguments, "--to", str(data_root)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{name}, ") and "training and" in first
    assert second.startswith("Use must cite ") and "archive.ics.uci.edu/dataset/" in second
