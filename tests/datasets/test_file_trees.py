from __future__ import annotations

import io
import os
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from har.datasets.file_trees import SEARCH_DEPTH, Folder, fingerprint, open_zip, trees_at
from har.errors import DataError

# No deadlines: on a shared machine, durations vary.
unhurried = settings(deadline=None)

FILES = {"a/b/c.txt": b"1 2 3\n", "a/d.txt": b"4\n", "e.txt": b""}


def write_files(folder, files=FILES):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(params=["folder", "zip"])
def tree(request, tmp_path, zip_of):
    if request.param == "folder":
        return Folder(write_files(tmp_path / "root"))
    return open_zip("root.zip", io.BytesIO(zip_of({"a/": b"", **FILES})))


def test_a_folder_and_a_zip_name_and_read_the_same_files(tree):
    assert tree.names == tuple(sorted(FILES))
    assert {name: tree.read(name) for name in tree.names} == FILES


def test_a_folder_is_searched_only_so_deep_and_not_where_it_is_hidden(tmp_path):
    deep = {"/".join([*"1234567"[:depth], "file"]): b"" for depth in range(8)}
    folder = Folder(write_files(tmp_path, {**deep, ".git/file": b""}))
    assert len(folder.names) == SEARCH_DEPTH + 1
    assert max(folder.names) == "file"
    assert "1/2/3/4/file" in folder.names


def test_what_cannot_be_read_as_a_file_is_left_out(tmp_path):
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    assert Folder(tmp_path).names == ()
    fingerprint(tmp_path)


def test_a_file_that_is_gone_is_one_line(tmp_path, refused):
    with refused(f"{tmp_path}/gone.txt: found No such file", "expected a readable file"):
        Folder(tmp_path).read("gone.txt")


@pytest.mark.parametrize(
    "name", ["../evil.txt", "a/../../evil.txt", "/etc/evil", "..\\evil", "\\evil", "C:/evil"]
)
def test_a_zip_with_a_path_out_of_it_is_refused(name, zip_of, refused):
    with refused(f"bad.zip: found the unsafe path '{name}'", "stay inside"):
        open_zip("bad.zip", io.BytesIO(zip_of({**FILES, name: b""})))


@pytest.mark.parametrize("name", ["a..b/c.txt", "...", "a/x:y", "."])
def test_an_odd_name_inside_the_zip_is_sound(name, zip_of):
    assert open_zip("odd.zip", io.BytesIO(zip_of({name: b"1"}))).read(name) == b"1"


@pytest.mark.parametrize("files", [{}, {"folder/": b""}])
def test_an_empty_zip_is_refused(files, zip_of, refused):
    with refused("empty.zip: found an empty zip, expected a data set"):
        open_zip("empty.zip", io.BytesIO(zip_of(files)))


@pytest.mark.parametrize("kept", [0, 10, -10])
def test_a_broken_zip_is_refused(kept, zip_of, tmp_path, refused):
    (tmp_path / "cut.zip").write_bytes(zip_of(FILES)[:kept])
    for path in (tmp_path, tmp_path / "cut.zip"):
        with refused(f"{tmp_path}/cut.zip: found a damaged zip", "expected a whole one"):
            list(trees_at(path))


def test_a_damaged_member_is_named(zip_of, refused):
    content = bytes(range(256))
    damaged = bytearray(zip_of({"a/d.txt": content}))
    damaged[45] ^= 0xFF
    tree = open_zip("bad.zip", io.BytesIO(damaged))
    with refused("bad.zip: found a damaged zip (", "expected 'a/d.txt' to be whole"):
        tree.read("a/d.txt")


@pytest.mark.parametrize("method", ["ZIP_STORED", "ZIP_DEFLATED", "ZIP_BZIP2", "ZIP_LZMA"])
@unhurried
@given(data=st.data())
def test_changed_bytes_give_the_content_or_a_data_error(method, data):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", getattr(zipfile, method)) as archive:
        archive.writestr("a/b.txt", b"1 2 3\n" * 20)
    damaged = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        tree = open_zip("bad.zip", io.BytesIO(damaged))
        assert [tree.read(name) for name in tree.names] == [b"1 2 3\n" * 20]
    except DataError as error:
        assert str(error).startswith("bad.zip: found ")


def test_trees_are_the_path_then_zips_in_it_then_zips_in_those(tmp_path, zip_of):
    inner = zip_of({"deep.txt": b"deep"})
    files = {"data/named.bin": zip_of({"inner.zip": inner}), "plain.txt": b"PK"}
    places = [tree.place for tree in trees_at(write_files(tmp_path, files))]
    path = f"{tmp_path}/data/named.bin"
    assert places == [str(tmp_path), path, f"{path}/inner.zip"]
    assert [tree.place for tree in trees_at(tmp_path / "data" / "named.bin")] == places[1:]
    *_, deepest = trees_at(tmp_path)
    assert deepest.read("deep.txt") == b"deep"


@pytest.mark.parametrize("name", ["missing", "missing.zip"])
def test_a_path_with_nothing_there_is_refused(name, tmp_path, refused):
    with refused(f"{tmp_path}/{name}: found nothing, expected a folder or a zip"):
        list(trees_at(tmp_path / name))


def test_a_broken_zip_in_a_zip_is_named_with_both(tmp_path, zip_of, refused):
    (tmp_path / "outer.zip").write_bytes(zip_of({"inner.zip": b"not a zip"}))
    with refused(f"{tmp_path}/outer.zip/inner.zip: found a damaged zip"):
        list(trees_at(tmp_path))


def grow_unnoticed(file):
    time_ns = file.stat().st_mtime_ns
    file.write_bytes(b"longer than before")
    os.utime(file, ns=(time_ns, time_ns))


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    "change",
    [
        grow_unnoticed,
        lambda file: os.utime(file, ns=(0, 0)),
        lambda file: file.rename(file.with_name("renamed.txt")),
    ],
)
def test_a_fingerprint_changes_with_the_files(change, whole, tmp_path):
    folder = write_files(tmp_path)
    before = fingerprint(folder if whole else folder / "e.txt")
    assert fingerprint(folder if whole else folder / "e.txt") == before
    change(folder / "e.txt")
    now = folder if whole else next(path for path in folder.iterdir() if path.is_file())
    assert fingerprint(now) != before
