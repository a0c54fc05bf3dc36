"""``har fetch`` as a person runs it."""

from __future__ import annotations

import pytest

from har.cli.main import main
from har.datasets.catalogue import PUBLISHED
from har.datasets.published.readers import READERS


def test_every_published_set_can_be_fetched():
    assert set(PUBLISHED) == set(READERS)


@pytest.mark.parametrize(
    ("name", "page"),
    [("motionsense", "github.com/mmalekzadeh"), ("wisdm_2011", "fordham"), ("unimib_shar", "sal.")],
)
def test_a_set_that_is_not_in_the_archive_names_the_page_to_get_it_from(
    name, page, tmp_path, capsys
):
    assert main(["fetch", name, "--to", str(tmp_path / "data")]) == 1
    message = capsys.readouterr().err
    assert "Download it by hand from" in message and page in message
    assert "--data.root" in message and not (tmp_path / "data").exists()


def test_sets_of_the_archive_have_an_address_there():
    for published in PUBLISHED.values():
        if published.url:
            assert published.url.startswith("https://archive.ics.uci.edu/static/public/")
            assert published.file.endswith(".zip")


@pytest.mark.parametrize(("arguments", "name"), [([], "UCI HAR"), (["hapt"], "HAPT")])
def test_fetch_says_what_is_there_and_what_its_use_asks_for(arguments, name, data_root, capsys):
    assert main(["fetch", *arguments, "--to", str(data_root)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{name}, ") and "training and" in first
    assert second.startswith("Use must cite ") and "archive.ics.uci.edu/dataset/" in second
