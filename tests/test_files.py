from __future__ import annotations

import pytest

from har.files import whole_folder, write_text, write_whole


def fill_half_and_fail(path):
    path.write_text("half")
    raise ZeroDivisionError


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_text_is_written_as_utf_8_and_readable_by_all(tmp_path):
    write_text(tmp_path / "note.txt", "9.81 m/s²\n")
    assert (tmp_path / "note.txt").read_bytes() == "9.81 m/s²\n".encode()
    assert (tmp_path / "note.txt").stat().st_mode & 0o777 == 0o644
    assert names_in(tmp_path) == ["note.txt"]


def test_a_file_is_as_before_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "model.params"
    path.write_text("old")

    def write(temporary):
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert temporary.suffix == ".params"

    write_whole(path, write)
    assert path.read_text() == "new"


@pytest.mark.parametrize("before", [[], ["file.txt"]])
def test_a_failed_write_leaves_the_folder_as_it_was(tmp_path, before):
    for name in before:
        (tmp_path / name).write_text("old")
    with pytest.raises(ZeroDivisionError):
        write_whole(tmp_path / "file.txt", fill_half_and_fail)
    assert names_in(tmp_path) == before
    assert all((tmp_path / name).read_text() == "old" for name in before)


def test_a_file_in_a_missing_folder_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="missing"):
        write_text(tmp_path / "missing" / "file.txt", "text")


def test_a_folder_takes_the_place_of_the_old_one_at_once(tmp_path):
    path = tmp_path / "deep" / "cache"
    for content in ("old", "new"):
        with whole_folder(path) as temporary:
            (temporary / content).touch()
            assert not (path / content).exists()
        assert names_in(path) == [content]
    assert path.stat().st_mode & 0o777 == 0o755
    assert names_in(path.parent) == ["cache"]


def test_a_folder_that_fails_leaves_the_old_one(tmp_path):
    with whole_folder(tmp_path / "cache") as temporary:
        (temporary / "old").touch()
    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "cache") as temporary:
        fill_half_and_fail(temporary / "new")
    assert names_in(tmp_path) == ["cache"]
    assert names_in(tmp_path / "cache") == ["old"]
