"""Text of any encoding and any line ends, as blocks of whole lines in UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from har.errors import DataError
from har.reading.tables.containers import Source

# Lines of real tables have less than 10,000 characters.
_LONGEST_LINE = 1 << 20
_BOM = codecs.BOM_UTF8
# The minus sign of typography, which some languages' number formats write.
_MINUS = "\N{MINUS SIGN}".encode()


def encoding_of(start: bytes) -> str:
    """Return the encoding of text: UTF-16 by its mark or its zeros, else ``"utf-8"``.

    Parameters
    ----------
    start : bytes
        First bytes of the text.

    Returns
    -------
    str
        Name of a codec. Blocks that are not UTF-8 after all are read as Windows-1252.
    """
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    pairs = max(len(start) // 2, 1)
    if start[1::2].count(0) > 0.4 * pairs and start[0::2].count(0) < 0.1 * pairs:
        return "utf-16-le"
    if start[0::2].count(0) > 0.4 * pairs and start[1::2].count(0) < 0.1 * pairs:
        return "utf-16-be"
    return "utf-8"


def text_blocks(source: Source, encoding: str, n_bytes: int) -> Iterator[tuple[bytes, bool]]:
    r"""Read text block by block.

    Parameters
    ----------
    source : Source
        File.
    encoding : str
        Its encoding, from `encoding_of`.
    n_bytes : int
        Number of bytes to read at once.

    Yields
    ------
    block : bytes
        Whole lines in UTF-8, each with ``\n`` at its end.
    is_cut : bool
        True if the last line had no end in the file.

    Raises
    ------
    DataError
        If the file is damaged, or has no lines.
    """
    rest = b""
    decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("replace")
    with source.open() as stream:
        while chunk := stream.read(n_bytes):
            rest += decoder.decode(chunk).encode() if decoder else chunk
            # A \r at the end may be the first half of a line end.
            end = max(rest.rfind(b"\n"), rest.rfind(b"\r", 0, -1)) + 1
            if end:
                yield _plain(rest[:end]), False
                rest = rest[end:]
            elif len(rest) > _LONGEST_LINE:
                raise DataError(
                    f"{source.place}: found a line of more than {_LONGEST_LINE >> 20} MB, "
                    "expected a sample in each line"
                )
    if rest:
        is_cut = not rest.endswith(b"\r")
        yield _plain(rest + b"\n" if is_cut else rest), is_cut


def _plain(block: bytes) -> bytes:
    r"""Return whole lines in UTF-8 with ``\n`` at their ends, without marks of byte order."""
    if not block.isascii():
        try:
            block.decode("utf-8")
        except UnicodeDecodeError:
            block = block.decode("cp1252", "replace").encode()
        block = block.replace(_BOM, b"").replace(_MINUS, b"-")
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    # What a file system leaves where a phone lost its power.
    return block.replace(b"\0", b"\n")
