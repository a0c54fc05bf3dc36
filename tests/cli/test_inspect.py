from __future__ import annotations

import pytest
from command_line import the_one_line

from har.cli.main import main


def test_inspect_shows_counts_ranges_and_units(data_root, capsys):
    assert main(["inspect", str(data_root)]) == 0
    text = capsys.readouterr().out
    for expected in ("7352 training and 2947 test windows", "LAYING", "rad/s", "Problems", "none"):
        assert expected in text


def test_inspect_shows_hapt_where_it_is_asked_for(data_root, capsys):
    assert main(["inspect", str(data_root), "--data.set", "hapt"]) == 0
    text = capsys.readouterr().out
    for expected in ("HAPT, ", "7767 training and 3162 test windows", "LIE_TO_STAND", "40 of 1214"):
        assert expected in text
    assert text.rstrip().endswith("Problems\n  none")


@pytest.mark.parametrize(("settings", "name"), [([], "UCI HAR"), (["--data.set=hapt"], "HAPT")])
def test_inspect_of_something_else_is_one_line(settings, name, tmp_path, capsys):
    assert main(["inspect", str(tmp_path), *settings]) == 1
    assert f"{tmp_path}: found no {name} in it" in the_one_line(capsys)
