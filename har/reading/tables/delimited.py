"""Tables in text files (CSV), read block by block."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from har.errors import DataError
from har.reading.columns import PLAIN_HEADING

_SNIFFED_BYTES = 1 << 16
# Text held in memory at once: pandas needs a few times as much.
_BLOCK_BYTES = 16 << 20
_MOST_ROWS_IN_BLOCK = 100_000
# The shortest text of a float64 must give that float64 again. pandas 3.1 and later always read
# numbers so, and warn of the option.
_PANDAS = tuple(map(int, pd.__version__.split(".")[:2]))
_EXACT_NUMBERS = {} if _PANDAS >= (3, 1) else {"float_precision": "round_trip"}


# Cells without a number; in text, such as labels, only an empty cell is one.
_MISSING = ("", "NA", "N/A", "NaN", "nan", "n/a", "null", "NULL", "None", "<NA>", "#N/A", "-nan")


@dataclass(frozen=True)
class DelimitedTable:
    """A text file with a heading line and one sample a line.

    Parameters
    ----------
    path, headings
        The file, and the names of its columns.
    delimiter, decimal, encoding : str
        Separator of fields, decimal sign and encoding.
    heading_line : int
        Number of lines before the heading.
    rows_in_block : int
        Number of rows to read at once.
    """

    path: Path
    headings: tuple[str, ...]
    delimiter: str
    decimal: str
    encoding: str
    heading_line: int
    rows_in_block: int

    def blocks(
        self, indices: Mapping[str, int], text: Collection[str] = ()
    ) -> Iterator[pd.DataFrame]:
        """Read some of the columns; see `har.reading.tables.opening.Table`.

        Raises
        ------
        DataError
            If a line has too many fields.
        """
        names = {index: name for name, index in indices.items()}
        try:
            with pd.read_csv(
                self.path,
                sep=self.delimiter,
                decimal=self.decimal,
                encoding=self.encoding,
                compression=None,
                encoding_errors="replace",
                header=None,
                names=range(len(self.headings)),
                skiprows=self.heading_line + 1,
                usecols=sorted(names),
                dtype={index: str for index, name in names.items() if name in text},
                keep_default_na=not text,
                na_values={i: _MISSING for i, name in names.items() if name not in text},
                index_col=False,
                comment="#",
                skipinitialspace=True,
                low_memory=False,
                chunksize=self.rows_in_block,
                **_EXACT_NUMBERS,
            ) as reader:
                for block in reader:
                    yield block.rename(columns=names)
        except pd.errors.ParserError as error:
            reason = " ".join(str(error).split()).removeprefix("Error tokenizing data. C error: ")
            raise DataError(
                f"{self.path}: found an unreadable table ({reason}), "
                f"expected {len(self.headings)} columns in each line"
            ) from None


def open_delimited(path: Path) -> DelimitedTable:
    """Detect how a text file is written.

    Parameters
    ----------
    path : Path
        File to read.

    Returns
    -------
    DelimitedTable

    Raises
    ------
    DataError
        If it is empty, no text, or has no heading line.
    """
    with path.open("rb") as stream:
        start = stream.read(_SNIFFED_BYTES)
    if not start.strip():
        raise DataError(f"{path}: found an empty file, expected {','.join(PLAIN_HEADING)}")
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise DataError(f"{path}: found text in UTF-16, expected UTF-8: save it as CSV UTF-8")
    if b"\0" in start:
        raise DataError(f"{path}: found binary data, expected CSV or Parquet")
    encoding = _encoding_of(start)
    lines = re.split(r"\r\n|\n|\r", start.decode(encoding, errors="replace"))
    if len(start) == _SNIFFED_BYTES:
        del lines[-1]
    is_content = [bool(line.strip()) and not line.startswith("#") for line in lines]
    if not any(is_content):
        raise DataError(f"{path}: found only comments, expected {','.join(PLAIN_HEADING)}")
    heading_line = is_content.index(True)
    delimiter = max(",;\t", key=lines[heading_line].count)
    headings = tuple(
        text.strip() for text in next(csv.reader([lines[heading_line]], delimiter=delimiter))
    )
    _check_headings(headings, path)
    body = [lines[i] for i in range(heading_line + 1, len(lines)) if is_content[i]]
    rows = list(csv.reader(body, delimiter=delimiter))
    _check_n_fields(rows, len(headings), path)
    length = max(map(len, body), default=1)
    return DelimitedTable(
        path,
        headings,
        delimiter,
        "," if delimiter == ";" and _has_decimal_comma(rows) else ".",
        encoding,
        heading_line,
        min(_BLOCK_BYTES // length + 1, _MOST_ROWS_IN_BLOCK),
    )


def _check_n_fields(rows: list[list[str]], n_columns: int, path: Path) -> None:
    """Refuse lines with more fields than headings, which pandas would cut off."""
    for number, row in enumerate(rows, start=1):
        n_fields = len(row) - (row[-1].strip() == "")
        if n_fields > n_columns:
            raise DataError(
                f"{path}, row {number}: found {n_fields} fields, "
                f"expected {n_columns} as in the heading"
            )


def _encoding_of(start: bytes) -> str:
    # The last character may be cut in two.
    for end in range(len(start), max(len(start) - 4, 0), -1):
        try:
            start[:end].decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
        return "utf-8-sig"
    return "cp1252"


def _has_decimal_comma(rows: list[list[str]]) -> bool:
    return any(
        re.fullmatch(r"\s*[-+]?\d*,\d+([eE][-+]?\d+)?\s*", field) for row in rows for field in row
    )


def _check_headings(headings: tuple[str, ...], path: Path) -> None:
    """Refuse numbers where names should be."""
    n_numbers = sum(_is_number(text) for text in headings)
    if n_numbers > len(headings) / 2:
        raise DataError(
            f"{path}: found no heading but {len(headings)} numbers in the first line, "
            f"expected names such as {','.join(PLAIN_HEADING)}"
        )


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
