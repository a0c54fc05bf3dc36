"""Files that lie, break libraries or harm terminals: one line each, whatever reads them."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile

import numpy as np
import pandas as pd
import pytest
from builders import refused
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from har.errors import DataError, HarError
from har.reading.recording_files import read_recording
from har.reading.tables import delimited, odd_lines, parquet, workbook
from har.reading.tables.opening import open_table
from har.reading.window_files import read_windows

HEADING = "time_s,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z"
CHANNELS = tuple("abcdefghi")
ERRORS = [
    AttributeError("a"),
    MemoryError(),
    RecursionError("r"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "u"),
    ZeroDivisionError("o"),
    KeyError("k"),
    SystemError("s"),
    RuntimeError("two\nlines\x1b[31m"),
]
each_error = pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)


def walk(n_rows=200):
    random = np.random.default_rng(0)
    signals = random.normal([1, 0, 0, 0, 0, 0], [0.1] * 3 + [0.3] * 3, (n_rows, 6))
    return np.column_stack([np.arange(n_rows) / 50, signals.round(4)])


def text_with(stamps, heading=HEADING):
    rows = walk(len(stamps))[:, 1:]
    lines = (f"{stamp}," + ",".join(map(str, row)) for stamp, row in zip(stamps, rows, strict=True))
    return "\n".join([heading, *lines]) + "\n"


EVEN = [f"{i / 50:.2f}" for i in range(200)]


def npy(shape, descr="<f4", close="}"):
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, {close}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def failing(error):
    def fail(*_args, **_options):
        raise error

    return fail


@pytest.fixture
def saved(tmp_path):
    def save(name, content):
        path = tmp_path / name
        if callable(content):
            content(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return save


def test_stamps_of_true_are_no_times(saved):
    with refused(DataError, "t.csv, column 'time_s', row 1: found 'True', expected a number or a"):
        read_recording(saved("t.csv", text_with(["TRUE"] * 200)))


def test_a_stamp_of_minus_1e20_is_left_out(saved):
    recording = read_recording(saved("t.csv", text_with(["0", "-1e20", *EVEN[2:]])))
    assert any("1 row with no stamp, left out" in note for note in recording.notes)
    assert np.isfinite(recording.samples).all()
    assert len(recording) == 200


def test_a_stamp_next_to_another_is_the_same_moment(saved):
    recording = read_recording(saved("t.csv", text_with(["0", "0.02", "1e-200", *EVEN[3:]])))
    assert np.abs(recording.samples).max() < 3
    assert any("1 row next to the stamp of an earlier row, left out" in n for n in recording.notes)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(
        st.integers(0, 119),
        st.one_of(
            st.floats(),
            st.integers(-(2**70), 2**70),
            st.sampled_from(
                "nan inf -inf 1e308 -1e308 1e-320 5e-324 TRUE False 1e400 9223372036854775807 "
                "-9223372036854775808 18446744073709551616 9999-12-31 2024-02-30T25:00:00 12:00 "
                "999999999:00:00 NaT 0x1F 1_0 -0".split()
            ),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_any_stamps_give_finite_samples_or_one_line(tmp_path, stamps):
    written = [str(stamps.get(i, EVEN[i])) for i in range(120)]
    (tmp_path / "t.csv").write_text(text_with(written))
    try:
        recording = read_recording(tmp_path / "t.csv")
    except HarError as error:
        assert str(error).isprintable()
    else:
        assert np.isfinite(recording.samples).all()
        assert np.isfinite([stretch.start_s for stretch in recording.stretches]).all()


def test_millions_of_gaps_are_refused(saved, monkeypatch):
    monkeypatch.setattr("har.reading.gaps._MOST_STRETCHES", 30)
    stamps = [f"{part * 0.7 + step / 50:.2f}" for part in range(40) for step in range(20)]
    with refused(DataError, "t.csv: found 39 gaps among 800 samples, expected samples that follow"):
        read_recording(saved("t.csv", text_with(stamps)))


@pytest.mark.parametrize(
    "dates",
    [
        np.array(["9999-01-01"] * 100, "datetime64[s]"),
        (np.arange(100) * 10**15).astype("timedelta64[s]"),
    ],
    ids=["dates", "durations"],
)
def test_dates_out_of_range_are_one_line(saved, dates):
    frame = pd.DataFrame(walk(100), columns=HEADING.split(",")).assign(time_s=pd.array(dates))
    with refused(DataError, "a.parquet, column 'time_s': found ", "expected "):
        read_recording(saved("a.parquet", frame.to_parquet))


def test_headings_are_shown_without_what_terminals_obey(saved):
    heading = HEADING.replace("acc_x", "a\x1b[31mb\x1b]0;title\x07" + "c" * 500)
    with refused(DataError, r"a\x1b[31mb\x1b]0;title\x07", "…"):
        read_recording(saved("t.csv", text_with(EVEN, heading)))
    heading = HEADING.replace("acc_x", "acc_x (\x1b[31mg)")
    try:
        notes = " ".join(read_recording(saved("t.csv", text_with(EVEN, heading))).notes)
    except DataError as error:
        notes = str(error)
    assert "\x1b" not in notes


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (npy("(4, 128, 9", close=" "), "expected windows in a .npy"),
        (npy("(10000000000, 128, 9)") + bytes(100), "found the shape (10000000000, 128, 9) in"),
        (npy("(-1, -128, 9)") + bytes(4608), "found the shape (-1, -128, 9) in"),
        (npy("(1, 128, 9)", "|O") + bytes(9216), "found Python objects"),
        (npy("(1, 128, 9)", "|V4") + bytes(4608), "found values of type"),
        (npy("(" + "1, " * 3000), "expected windows in a .npy"),
        (b"\x93NUMPY\2\0\xff\xff\xff\xff" + bytes(50), "found a header of 4,294,967,295 bytes"),
        (b"\x93NUMPY\3\0\4\0\0\0{}  ", "found version (3, 0) of .npy"),
    ],
    ids=["open", "46 TB", "negative", "objects", "void", "deep", "long", "version"],
)
def test_headers_of_arrays_are_compared_with_their_file(saved, content, part):
    path = saved("a.npy", content)
    with refused(DataError, f"{path}: found ", part):
        read_windows(path, CHANNELS)
    with zipfile.ZipFile(path.with_suffix(".npz"), "w") as archive:
        archive.writestr("signals.npy", content)
    with refused(DataError, "a.npz, 'signals.npy': found ", part):
        read_windows(path.with_suffix(".npz"), CHANNELS)


def test_names_of_channels_that_are_no_text_are_one_line(saved):
    channels = np.array([1114112, 1], "<u4").view("<U1")
    with io.BytesIO() as buffer:
        np.savez(buffer, signals=np.zeros((1, 8, 9), "f4"), channels=channels)
        path = saved("a.npz", buffer.getvalue())
    with refused(DataError, "a.npz, 'channels.npy': found text with characters beyond"):
        read_windows(path, CHANNELS)


PARSERS = {
    "pandas": ("t.csv", delimited.pd, "read_csv"),
    "json": ("t.json", json, "loads"),
    "numpy": ("t.npy", np.lib.format, "read_array_header_1_0"),
}


@each_error
@pytest.mark.parametrize("parser", PARSERS)
def test_whatever_parsers_raise_is_one_line(saved, monkeypatch, parser, error):
    name, module, function = PARSERS[parser]
    content = {
        "pandas": text_with(EVEN),
        "json": '{"payload": {"sensors": [], "values": []}}',
        "numpy": npy("(1, 128, 9)") + bytes(4608),
    }[parser]
    path = saved(name, content)
    monkeypatch.setattr(module, function, failing(error))
    with refused(DataError, f"{path}: found ", ", expected "):
        if parser == "numpy":
            read_windows(path, CHANNELS)
        else:
            list(open_table(path).blocks({"first": 0}))


@each_error
def test_whatever_pyarrow_raises_is_one_line(saved, monkeypatch, error):
    from pyarrow import parquet as library

    frame = pd.DataFrame(walk(100), columns=HEADING.split(","))
    path = saved("a.parquet", frame.to_parquet)
    table = open_table(path)
    monkeypatch.setattr(library.ParquetFile, "iter_batches", failing(error))
    with refused(DataError, "a.parquet: found a damaged Parquet file ("):
        list(table.blocks({"first": 0}))
    monkeypatch.setattr(library, "ParquetFile", failing(error))
    with refused(DataError, "a.parquet: found a damaged Parquet file ("):
        open_table(path)


@each_error
def test_whatever_openpyxl_raises_is_one_line(saved, monkeypatch, error):
    import openpyxl

    frame = pd.DataFrame(walk(30), columns=HEADING.split(","))
    path = saved("a.xlsx", lambda path: frame.to_excel(path, index=False))
    monkeypatch.setattr(openpyxl, "load_workbook", failing(error))
    with refused(DataError, "a.xlsx: found a damaged Excel workbook ("):
        open_table(path)


def test_what_parquet_claims_is_compared_with_its_size(saved, monkeypatch):
    frame = pd.DataFrame(walk(100), columns=HEADING.split(","))
    path = saved("a.parquet", frame.to_parquet)
    for name, value, part in [
        ("MOST_COLUMNS", 6, "found 7 columns, expected at most 6"),
        ("_HARMLESS_ROWS", 0, "found 100 rows in"),
        ("most_unpacked", lambda _: 100, "MB in a Parquet file of"),
    ]:
        with monkeypatch.context() as patch:
            patch.setattr(parquet, "_MOST_ROWS_IN_BYTE", 0)
            patch.setattr(parquet, name, value)
            with refused(DataError, f"a.parquet: {part}" if "MB" not in part else part):
                open_table(path)


def changed_sheet(path, change):
    """Change the XML of a workbook's sheet."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["xl/worksheets/sheet1.xml"] = change(files["xl/worksheets/sheet1.xml"])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def test_rows_and_columns_that_sheets_claim_have_bounds(saved, monkeypatch):
    monkeypatch.setattr(workbook, "_MOST_ROWS", 1000)
    monkeypatch.setattr(workbook, "_MOST_WIDE_ROWS", 3)
    frame = pd.DataFrame(walk(60), columns=HEADING.split(","))
    path = saved("a.xlsx", lambda path: frame.to_excel(path, index=False))
    changed_sheet(path, lambda xml: xml.replace(b'<row r="50"', b'<row r="99999999999"'))
    with refused(DataError, "a.xlsx: found more than 1,000 rows in 'Sheet1', expected a recording"):
        list(open_table(path).blocks({"first": 0}))
    path = saved("a.xlsx", lambda path: frame.to_excel(path, index=False))
    changed_sheet(path, lambda xml: xml.replace(b'r="G', b'r="XFD'))
    with refused(DataError, "a.xlsx: found 4 rows of more than 1,024 cells in 'Sheet1'"):
        open_table(path)


@pytest.mark.parametrize(
    ("name", "rest", "part"),
    [
        ("_MOST_ODD", "#\n", "lines that are no rows, and "),
        ("_MOST_BLANK", "\n", "blank lines, and "),
    ],
)
def test_tables_of_hardly_any_rows_end_early(saved, monkeypatch, name, rest, part):
    monkeypatch.setattr(odd_lines, name, 50)
    table = open_table(saved("t.csv", text_with(EVEN) + rest * 60))
    with refused(DataError, "t.csv, line ", part, ", expected a table"):
        list(table.blocks({"first": 0}))
    assert list(open_table(saved("u.csv", text_with(EVEN) + rest * 40)).blocks({"first": 0}))


def test_lines_of_thousands_of_fields_and_megabytes_are_refused(saved):
    with refused(DataError, "t.csv, line 1: found 5,000 fields, expected at most 4,096"):
        open_table(saved("t.csv", ",".join(["a"] * 5000) + "\n"))
    with refused(DataError, "t.csv: found a line of more than 1 MB"):
        open_table(saved("t.csv", "1" * (3 << 20)))


@pytest.mark.parametrize("name", ["rate" + " " * 100_000 + "x", "acc " * 50_000, "(" * 100_000])
def test_long_names_take_no_time(saved, name):
    text = text_with(EVEN).replace("acc_x", name, 1) if "rate" not in name else name + "\n"
    with refused(DataError, "t.csv"):
        read_recording(saved("t.csv", text))


def test_pipes_are_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "walk.csv")
    os.mkfifo(tmp_path / "walk.npy")
    with refused(DataError, "walk.csv: found a pipe or a device, not a regular file, expected a"):
        read_recording(tmp_path / "walk.csv")
    with refused(DataError, "walk.npy: found a pipe or a device, not a regular file"):
        read_windows(tmp_path / "walk.npy", CHANNELS)
    with refused(DataError, "expected"):
        read_recording(tmp_path)


def test_a_recording_that_does_not_fit_into_memory_is_one_line(saved, monkeypatch):
    path = saved("t.csv", text_with(EVEN))
    monkeypatch.setattr("har.reading.recording_files.read_signals", failing(MemoryError()))
    with refused(DataError, "t.csv: found more than fits into memory, expected a recording of"):
        read_recording(path)
