from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import struct
import zipfile

import pytest
from builders import refused

from har.errors import DataError
from har.reading import archives
from har.reading.archives import is_archive, open_archive, unpacking

METHODS = ["ZIP_STORED", "ZIP_DEFLATED", "ZIP_BZIP2", "ZIP_LZMA"]
PACKED = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress}


def zip_of(files, method="ZIP_DEFLATED"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", getattr(zipfile, method)) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def claiming(content, n_bytes):
    """Make the only file of a zip claim another size, there and in the directory."""
    changed, size = bytearray(content), struct.pack("<L", n_bytes)
    directory = content.index(b"PK\1\2")
    changed[22:26] = changed[directory + 24 : directory + 28] = size
    return bytes(changed)


@pytest.fixture
def harmless(monkeypatch):
    """Take 1 kB for what does no harm, so that bombs are small."""
    monkeypatch.setattr(archives, "_HARMLESS_BYTES", 1000)


@pytest.mark.parametrize("method", METHODS)
def test_files_of_a_zip_are_read_whole_and_in_blocks(method):
    content = os.urandom(3000)
    with open_archive(
        io.BytesIO(zip_of({"b/x": content, "a/": b"", "a.txt": b"1"}, method)), "z"
    ) as found:
        assert found.names == ("b/x", "a.txt")
        assert (found.n_bytes("b/x"), found.read("b/x"), found.read("a.txt")) == (
            3000,
            content,
            b"1",
        )
        with found.open("b/x") as stream:
            assert [stream.read(2000), stream.read(2000), stream.read()] == [
                content[:2000],
                content[2000:],
                b"",
            ]


@pytest.mark.usefixtures("harmless")
@pytest.mark.parametrize("method", METHODS[1:])
def test_a_bomb_is_refused_by_its_directory_before_any_of_it_is_unpacked(method, monkeypatch):
    bomb = zip_of({"small.txt": b"1", "bomb.txt": bytes(1 << 20)}, method)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("unpacked"))
    with refused(DataError, "z: found 1 MB in 'bomb.txt' packed in", "expected 100 times their"):
        open_archive(io.BytesIO(bomb), "z")


@pytest.mark.usefixtures("harmless")
def test_a_zip_whose_files_are_a_bomb_together_is_refused():
    # Files that overlap: the directory has one of them many times.
    content = zip_of({"a": os.urandom(20_000)})
    at, end = content.index(b"PK\1\2"), content.index(b"PK\5\6")
    entry = content[at:end]
    entries = b"".join(
        entry[:28] + struct.pack("<H", 2) + entry[30:46] + bytes([97 + i % 26, 97 + i // 26])
        for i in range(600)
    )
    closing = content[end : end + 8] + struct.pack("<HHLL", 600, 600, len(entries), at) + b"\0\0"
    with refused(DataError, "z: found 11 MB in a zip of", "expected 100 times its size at most"):
        open_archive(io.BytesIO(content[:at] + entries + closing), "z")


@pytest.mark.parametrize("method", METHODS[1:])
def test_no_more_is_unpacked_than_the_directory_says(method):
    lying = claiming(zip_of({"a.txt": bytes(5 << 20)}, method), 1000)
    with open_archive(io.BytesIO(lying), "z") as found, refused(DataError, "found a damaged zip"):
        found.read("a.txt")


def test_many_files_and_large_directories_are_refused(monkeypatch):
    content = zip_of({f"{i}": b"" for i in range(30)})
    monkeypatch.setattr(archives, "_MOST_MEMBERS", 29)
    with refused(DataError, "z: found 30 files in a zip, expected at most 29"):
        open_archive(io.BytesIO(content), "z")
    monkeypatch.setattr(archives, "_MOST_DIRECTORY_BYTES", 1000)
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("directory read"))
    with refused(DataError, "z: found a zip with a directory of 1,"):
        open_archive(io.BytesIO(content), "z")


def test_a_file_that_is_too_large_to_be_read_whole_is_refused():
    with open_archive(io.BytesIO(zip_of({"a.txt": bytes(2 << 20)})), "z") as found:
        with refused(DataError, "z: found 2 MB in 'a.txt', expected at most 1"):
            found.read("a.txt", 1 << 20)


@pytest.mark.usefixtures("harmless")
@pytest.mark.parametrize("kind", PACKED)
def test_packed_files_are_read_and_bombs_end_at_a_hundred_times_their_size(tmp_path, kind):
    path = tmp_path / "a"
    for content in (b"1,2\n" * 200, os.urandom(5000)):
        path.write_bytes(PACKED[kind](content))
        with unpacking(path, kind, "a") as stream:
            assert stream.read() == content
    path.write_bytes(PACKED[kind](bytes(5 << 20)))
    with refused(DataError, f"a: found more than 0 MB in a {kind} file of", "expected 100 times"):
        with unpacking(path, kind, "a") as stream:
            while stream.read(1 << 16):
                assert stream.tell() <= 100 * path.stat().st_size + (1 << 20)


ERRORS = [
    AttributeError("a"),
    MemoryError(),
    RecursionError("r"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "u"),
    ArithmeticError("o"),
    KeyError("k"),
    SystemError("s"),
    EOFError(),
    RuntimeError("two\nlines\x1b[31m"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_whatever_the_libraries_raise_is_one_line(tmp_path, monkeypatch, error):
    def fail(*_args, **_options):
        raise error

    path = tmp_path / "a"
    path.write_bytes(gzip.compress(b"1"))
    with monkeypatch.context() as patch:
        patch.setattr(gzip.GzipFile, "read", fail)
        with (
            refused(DataError, "a: found a damaged gzip file ("),
            unpacking(path, "gzip", "a") as s,
        ):
            s.read()
        patch.setattr(gzip, "GzipFile", fail)
        with refused(DataError, "a: found a damaged gzip file ("):
            unpacking(path, "gzip", "a")
    content = io.BytesIO(zip_of({"a.txt": b"1"}))
    with monkeypatch.context() as patch, open_archive(content, "z") as found:
        patch.setattr(zipfile.ZipExtFile, "read", fail)
        with refused(DataError, "z: found a damaged zip (", "expected 'a.txt' to be whole"):
            found.read("a.txt")
        patch.setattr(zipfile.ZipFile, "open", fail)
        with refused(DataError, "z: found a damaged zip ("):
            found.read("a.txt")
        patch.setattr(zipfile, "ZipFile", fail)
        with refused(DataError, "z: found a damaged zip ("):
            open_archive(content, "z")


def test_only_regular_files_are_archives(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert not is_archive(tmp_path / "pipe")
    assert not is_archive(tmp_path)
    with refused(DataError, "z: found a damaged zip (a pipe or a device, not a regular file)"):
        open_archive(tmp_path / "pipe", "z")
    with refused(DataError, "a: found a pipe or a device, not a regular file, expected a file"):
        unpacking(tmp_path / "pipe", "gzip", "a")
