from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile

import numpy as np
import pytest
from builders import refused
from numpy.testing import assert_array_equal

from har.errors import DataError
from har.reading.tables.opening import open_table, table_names

PLAIN = "time_s,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z"


@pytest.fixture
def text(lines_of):
    return "\n".join([PLAIN, *lines_of()]).encode()


@pytest.fixture
def zipped(tmp_path):
    """Write a zip: `zipped({name: content})` gives its path."""

    def write(files, **options):
        path = tmp_path / "walk.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path

    return write


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_packed_text_is_read(opened, read, numbers, text, pack, encoding):
    table = opened(pack(text.decode().encode(encoding)), "walk.dat")
    assert_array_equal(read(table), numbers)
    assert table.notes == ()
    assert table_names(table.path) == ()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("n_bytes", [20, 700])
def test_damaged_packed_text_is_refused(opened, read, text, pack, n_bytes):
    with refused(DataError, "walk.csv.gz: found a damaged", "expected a whole one"):
        read(opened(pack(text)[:n_bytes], "walk.csv.gz"))


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"__MACOSX/._walk.csv": b"\0\5\x16\7", ".hidden.csv": b"a"},
        {"README.txt": b"an app", "meta.json": b"{}", "photo.jpg": b"\xff\xd8\xff", "more/": b""},
    ],
)
def test_the_only_table_in_a_zip_is_read(zipped, read, numbers, text, others):
    table = open_table(zipped({**others, "a/walk.csv": text}))
    assert table.headings == tuple(PLAIN.split(","))
    assert table.notes == ("table: 'a/walk.csv' in the zip",)
    assert_array_equal(read(table), numbers)


def test_a_zip_of_several_tables_has_names(zipped, read, numbers, text):
    path = zipped({"acc.csv": text, "gyro.csv": text, "about.txt": b"an app"})
    assert table_names(path) == ("acc.csv", "gyro.csv")
    with refused(
        DataError, "walk.zip: found a zip of 2 tables: 'acc.csv', 'gyro.csv'; expected one"
    ):
        open_table(path)
    table = open_table(path, "gyro.csv")
    assert (table.path, table.notes) == (path / "gyro.csv", ())
    assert_array_equal(read(table), numbers)
    with refused(DataError, "found no 'light.csv' in the zip, expected 'acc.csv', 'gyro.csv'"):
        open_table(path, "light.csv")


def test_other_zips_are_refused(zipped, tmp_path):
    with refused(DataError, "walk.zip: found a zip of nothing"):
        open_table(zipped({}))
    np.savez(tmp_path / "walk.npz", a=np.arange(3))
    with refused(DataError, "walk.npz: found arrays of NumPy (.npz), expected a table"):
        open_table(tmp_path / "walk.npz")
    for names, found in [
        (["xl/workbook.bin"], "a binary Excel workbook (.xlsb)"),
        (["content.xml", "mimetype"], "an OpenDocument file"),
        (["info.txt", "log.bin"], "an ActiGraph file (.gt3x)"),
        (["Index/Document.iwa", "preview.jpg"], "a document of Apple's Numbers"),
    ]:
        with refused(DataError, f"walk.zip: found {found}", "expected a table: "):
            open_table(zipped(dict.fromkeys(names, b"1")))


def test_damaged_zips_are_refused(zipped, read, text):
    path = zipped({"walk.csv": text})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with refused(DataError, "walk.zip: found a damaged zip"):
        open_table(path)
    path.write_bytes(whole[:100] + bytes(200) + whole[300:])
    with refused(DataError, "walk.zip: found a damaged zip"):
        read(open_table(path))
    # The bit that says that a file has a password, there and in the directory.
    at = whole.index(b"PK\1\2")
    path.write_bytes(whole[:6] + b"\1" + whole[7 : at + 8] + b"\1" + whole[at + 9 :])
    with refused(DataError, "walk.zip: found a zip with a password"):
        open_table(path)


def test_a_packed_file_in_another_is_refused(opened, zipped, text):
    with refused(DataError, "found a packed file in another, expected text: unpack it"):
        opened(gzip.compress(gzip.compress(text)))
    with refused(DataError, "found a packed file in another"):
        open_table(zipped({"walk.zip": b"PK\3\4" + bytes(99)}))
    with refused(DataError, "found a packed file in another"):
        opened(gzip.compress(b"PAR1" + bytes(99)))


@pytest.mark.parametrize(
    ("start", "found"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook of the old kind (.xls)"),
        (b"MATLAB 5.0 MAT-file, Platform: PCWIN64", "a MATLAB file (.mat)"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 or MATLAB 7.3 file"),
        (b"\x93NUMPY\1\0", "an array of NumPy (.npy)"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"%PDF-1.7", "a PDF"),
        (b"\0\0\0\x18ftypmp42", "a film"),
        (b"7z\xbc\xaf'\x1c", "a 7z archive"),
        (b"Device Identity\r\nDevice Unique Serial Code:1", "a GENEActiv file (.bin)"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>", "XML"),
        (b"\n<!DOCTYPE html><html>", "a web page"),
        (bytes(257) + b"ustar", "a tar archive"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_what_is_no_table_is_named(opened, start, found, pack):
    with refused(DataError, f"walk.csv: found {found}, expected a table: "):
        opened(pack(start + bytes(600)))


def test_what_is_no_file_is_refused(tmp_path):
    with refused(DataError, "none.csv: found no such file or directory, expected a table such as"):
        open_table(tmp_path / "none.csv")
    with refused(DataError, "found a folder, expected a table"):
        open_table(tmp_path)


def test_an_unpacked_bomb_is_read_in_bounded_memory(opened, read):
    with refused(DataError, "found a line of more than 1 MB"):
        read(opened(gzip.compress(b"1" * (40 << 20), 1)))
