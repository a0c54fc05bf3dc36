from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest
from command_line import the_one_line
from made_up_people import write_people

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


def test_another_set_than_is_there_is_one_line(tmp_path, capsys):
    for kind, name in (("uci_har", "UCI HAR"), ("hapt", "HAPT")):
        assert main(["inspect", str(tmp_path), "--data.set", kind]) == 1
        assert f"{tmp_path}: found no {name} in it" in the_one_line(capsys)


def test_a_folder_without_anything_is_one_line(tmp_path, capsys):
    assert main(["inspect", str(tmp_path)]) == 1
    assert f"{tmp_path}: found no recordings in it, nor UCI HAR" in the_one_line(capsys)


@pytest.fixture
def people(tmp_path):
    return write_people(tmp_path / "people")


def test_a_recording_is_shown_as_it_was_read(people, capsys):
    assert main(["inspect", str(people / "person1.csv")]) == 0
    text = capsys.readouterr().out.replace("\N{NO-BREAK SPACE}", " ")
    for part in (
        "3,750 rows of 7 columns: time_s, acc_x",
        "1 min 15 s",
        "no gaps",
        "gyro_z  rad/s",
    ):
        assert part in text
    for heading in ("How it is worn", "Assumed", "Mended", "Doubted"):
        assert f"{heading}\n  " in text


def test_what_a_person_says_of_a_recording_is_heeded(people, capsys):
    assert main(["inspect", str(people / "person1.csv"), "--rate-hz", "25"]) == 0
    assert "150.0 s" in capsys.readouterr().out


def test_a_recording_without_a_gyroscope_is_shown_and_doubted(people, capsys):
    table = pd.read_csv(people / "person1.csv")
    table.iloc[:, :4].to_csv(people / "acc.csv", index=False)
    assert main(["inspect", str(people / "acc.csv")]) == 0
    assert "Doubted\n  doubt: no gyroscope" in capsys.readouterr().out


def test_a_file_that_is_no_recording_is_one_line(tmp_path, capsys):
    (tmp_path / "walk.csv").write_text("heart_rate\n60\n")
    assert main(["inspect", str(tmp_path / "walk.csv")]) == 1
    assert "walk.csv" in the_one_line(capsys)


def test_own_data_are_shown_by_person_and_file_though_one_is_broken(people, capsys):
    (people / "person3.csv").write_text("heart_rate\n60\n")
    assert main(["inspect", str(people)]) == 1
    captured = capsys.readouterr()
    assert f"{people}: 4 recordings of 4 people, 3 activities" in captured.out
    assert f"Problems\n  {people / 'person3.csv'}: found columns 'heart_rate'" in captured.out
    rows = {line.split()[0]: line.split()[1:] for line in captured.out.splitlines() if line.strip()}
    assert rows["1"] == ["0.4"] * 3
    assert rows["3"] == ["0.0"] * 3
    assert rows["all"] == ["1.2"] * 3
    assert "found 1 of 4 recordings that cannot be used" in captured.err


def test_a_folder_without_a_table_has_a_row_for_each_file(people, capsys):
    (people / "recordings.csv").unlink()
    assert main(["inspect", str(people)]) == 0
    text = capsys.readouterr().out.replace("\N{NO-BREAK SPACE}", " ")
    assert text.startswith("4 recordings\n")
    assert text.count("1 min 15 s") == 4


def test_nothing_that_is_inspected_loads_mxnet(people):
    code = "import sys; from har.cli.main import main; main(sys.argv[1:])"
    code += "; assert 'mxnet' not in sys.modules"
    for path in (people, people / "person1.csv"):
        subprocess.run([sys.executable, "-c", code, "inspect", str(path)], check=True)
