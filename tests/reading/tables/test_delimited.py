from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import refused
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from har.errors import DataError
from har.reading.tables.opening import open_table

HEADING = "time_s,acc_x,acc_y"


def values_of(path, *indices):
    table = open_table(path)
    blocks = list(table.blocks({str(index): index for index in indices}))
    return pd.concat(blocks).to_numpy(float)


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=st.lists(
        st.tuples(*[st.floats(-1e3, 1e3), st.floats(-40, 40), st.floats(-2, 2)]), min_size=1
    ),
    delimiter=st.sampled_from([",", ";", "\t"]),
    decimal=st.sampled_from([".", ","]),
    newline=st.sampled_from(["\n", "\r\n"]),
    start=st.sampled_from(["", "\ufeff", "# made by an app\n# today\n\n"]),
)
def test_a_number_is_the_same_however_it_is_written(
    tmp_path, values, delimiter, decimal, newline, start
):
    if delimiter != ";":
        decimal = "."
    lines = [delimiter.join(HEADING.split(","))]
    lines += [delimiter.join(repr(v).replace(".", decimal) for v in row) for row in values]
    path = tmp_path / "walk.csv"
    path.write_bytes((start.replace("\n", newline) + newline.join(lines)).encode())
    assert open_table(path).headings == tuple(HEADING.split(","))
    assert_array_equal(values_of(path, 0, 1, 2), np.array(values))


def test_blocks_follow_each_other(tmp_path, monkeypatch):
    monkeypatch.setattr("har.reading.tables.delimited._BLOCK_BYTES", 100)
    path = tmp_path / "walk.csv"
    pd.DataFrame({"a": np.arange(1000), "b": 1.5}).to_csv(path, index=False)
    blocks = list(open_table(path).blocks({"b": 1, "a": 0}))
    assert len(blocks) > 50
    assert_array_equal(np.concatenate([block.index for block in blocks]), np.arange(1000))
    assert_array_equal(np.concatenate([block["a"] for block in blocks]), np.arange(1000))


def test_a_heading_in_another_encoding_is_read(tmp_path):
    path = tmp_path / "walk.csv"
    path.write_bytes("t,Acceleration x (m/s²)\n0,1\n".encode("cp1252"))
    assert open_table(path).headings[1] == "Acceleration x (m/s²)"


def test_short_lines_have_empty_cells_and_a_last_delimiter_none(tmp_path):
    path = tmp_path / "walk.csv"
    path.write_text(f"{HEADING}\n1,2,3,\n4\n")
    assert_array_equal(values_of(path, 0, 2), [[1, 3], [4, np.nan]])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "found an empty file, expected time_s,acc_x"),
        (b" \n\n", "found an empty file"),
        (b"# nothing\n", "found only comments"),
        (bytes(range(256)), "found binary data"),
        ("a,b\n1,2\n".encode("utf-16"), "found text in UTF-16, expected UTF-8"),
        (b"0.02,1.0,0.1,0.2,0,0,0\n", "found no heading but 7 numbers in the first line"),
        (b"a,b\n1,2\n1,2,3\n1,2\n", "row 2: found 3 fields, expected 2 as in the heading"),
        (b'a,b\n1,2\n"1,2\n', "found an unreadable table"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, content, message):
    path = tmp_path / "walk.csv"
    path.write_bytes(content)
    with refused(DataError, str(path), message):
        list(open_table(path).blocks({"a": 0}))
