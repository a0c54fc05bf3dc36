"""Files that are no table which can be read here: what they are, and what to do with them."""

from __future__ import annotations

from pathlib import PurePosixPath

_SAVE = "open it and save it as CSV"
_EXPORT = "export the recording as CSV"
_UNPACK = "unpack it and give the table in it"
_FROM_PYTHON = "write its signals as CSV"

# First bytes, the name of the format, and the cure.
_STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook of the old kind (.xls)", _SAVE),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file (.mat)", "write its signals with writetable as CSV"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 or MATLAB 7.3 file", _FROM_PYTHON),
    (b"\x93NUMPY", "an array of NumPy (.npy)", _FROM_PYTHON),
    (b"SQLite format 3\0", "an SQLite database", _EXPORT),
    (b"ARROW1", "a Feather or Arrow file", "save it as Parquet or CSV"),
    (b"Obj\x01", "an Avro file", "save it as Parquet or CSV"),
    (b"(\xb5/\xfd", "a file packed with zstd", _UNPACK),
    (b"7z\xbc\xaf'\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"bplist00", "an Apple property list", _EXPORT),
    (b"MD\xfc\x03", "an AX3 or AX6 file (.cwa)", "export it as CSV with OmGui, or cwa-convert"),
    (
        b"Device Identity\r\n",
        "a GENEActiv file (.bin)",
        "convert it to CSV with GENEActiv's program",
    ),
    (b"\x89PNG", "a picture", _EXPORT),
    (b"\xff\xd8\xff", "a picture", _EXPORT),
    (b"GIF8", "a picture", _EXPORT),
    (b"%PDF-", "a PDF", _EXPORT),
    (b"{\\rtf", "a text document (.rtf)", "save it as plain text or CSV"),
    (b"RIFF", "a sound or a film", _EXPORT),
    (b"OggS", "a sound or a film", _EXPORT),
    (b"ID3", "a sound or a film", _EXPORT),
    (b"RDX", "data of R (.RData, .rds)", "write them with write.csv(…, row.names = FALSE)"),
    (b"#ROSBAG", "a bag of ROS", "write its topic as CSV with rostopic echo -p"),
    (b"\x7fELF", "a program", _EXPORT),
    (b"MZ\x90", "a program", _EXPORT),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file itself", "git lfs pull"),
)
_MARKUP = (
    (b"<?xml", "XML", _EXPORT),
    (b"<!doctype html", "a web page", "download the table itself, or save it as CSV"),
    (b"<html", "a web page", "download the table itself, or save it as CSV"),
    (b"<table", "a web page", "save it as CSV"),
    (b"<gpx", "XML", _EXPORT),
)


def name_other_format(start: bytes) -> str | None:
    """Return what a file is that starts so, if it is none that can be read.

    Parameters
    ----------
    start : bytes
        Its first bytes, at least 512.

    Returns
    -------
    str or None
        Rest of a message, from "found" on.
    """
    for magic, name, cure in _STARTS:
        if start.startswith(magic):
            return _message(name, cure)
    if start[257:262] == b"ustar":
        return _message("a tar archive", _UNPACK)
    if start[4:8] == b"ftyp":
        return _message("a film", _EXPORT)
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for magic, name, cure in _MARKUP:
        if text.startswith(magic):
            return _message(name, cure)
    return None


def name_other_zip(members: tuple[str, ...]) -> str | None:
    """Return what a zip with these files is, if it stands for a document that cannot be read.

    Parameters
    ----------
    members : tuple of str
        Files in the zip.

    Returns
    -------
    str or None
        Rest of a message, from "found" on.
    """
    names = set(members)
    if members and all(PurePosixPath(name).suffix == ".npy" for name in members):
        return _message("arrays of NumPy (.npz)", _FROM_PYTHON)
    if "xl/workbook.bin" in names:
        return _message("a binary Excel workbook (.xlsb)", _SAVE)
    if {"content.xml", "mimetype"} <= names:
        return _message("an OpenDocument file", _SAVE)
    if "word/document.xml" in names:
        return _message("a Word document", _EXPORT)
    if "Index/Document.iwa" in names:
        return _message("a document of Apple's Numbers or Pages", _SAVE)
    if "info.txt" in names and names & {"log.bin", "activity.bin"}:
        return _message("an ActiGraph file (.gt3x)", "export its raw data as CSV with ActiLife")
    if "AndroidManifest.xml" in names:
        return _message("an Android app", _EXPORT)
    return None


def _message(name: str, cure: str) -> str:
    return f"found {name}, expected a table: {cure}"
