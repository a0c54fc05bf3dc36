from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from builders import refused

from har.errors import UsageError
from har.frames import write_frame

TABLE = pd.DataFrame({"start_s": [0.0, 86390.72], "activity": ["REST", "WALK"], "p": [1 / 3, 1.0]})


def test_csv_keeps_eight_digits(tmp_path):
    write_frame(TABLE, tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text().splitlines() == [
        "start_s,activity,p",
        "0,REST,0.33333333",
        "86390.72,WALK,1",
    ]


@pytest.mark.parametrize("suffix", ["parquet", "PARQUET", "pq"])
def test_the_suffix_asks_for_parquet_which_keeps_all_digits(suffix, tmp_path):
    write_frame(TABLE, tmp_path / f"table.{suffix}")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / f"table.{suffix}"), TABLE)


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with refused(UsageError, "table.parquet", "har[parquet]"):
        write_frame(TABLE, tmp_path / "table.parquet")
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_earlier_file(tmp_path):
    file = tmp_path / "table.parquet"
    write_frame(TABLE, file)
    with pytest.raises(Exception, match="np.complex128|complex128"):
        write_frame(pd.DataFrame({"z": np.array([1j])}), file)
    assert [path.name for path in tmp_path.iterdir()] == ["table.parquet"]
    pd.testing.assert_frame_equal(pd.read_parquet(file), TABLE)
