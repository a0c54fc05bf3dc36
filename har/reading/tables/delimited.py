"""Tables in text files (CSV), read block by block."""

from __future__ import annotations

import io
import itertools
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from har.arrays import BoolArray, IntArray
from har.errors import DataError, parsing, quoted
from har.reading.columns import PLAIN_HEADING
from har.reading.tables.block_lines import BlockLines, count_fields
from har.reading.tables.cells import MISSING, to_numbers
from har.reading.tables.containers import Source
from har.reading.tables.odd_lines import Kind, OddLines, kind_of
from har.reading.tables.text_blocks import encoding_of, text_blocks
from har.reading.tables.text_format import TextFormat, find_format, is_comment, split_line

SNIFFED_BYTES = 1 << 18
# A table's format shows in so many lines.
_SNIFFED_LINES = 1000
# Text held in memory at once: pandas needs a few times as much.
_BLOCK_BYTES = 16 << 20
_MOST_ROWS_IN_BLOCK = 100_000
# The shortest text of a float64 must give that float64 again. pandas 3.1 and later always read
# numbers so, and warn of the option.
_PANDAS = tuple(map(int, pd.__version__.split(".")[:2]))
_EXACT_NUMBERS = {} if _PANDAS >= (3, 1) else {"float_precision": "round_trip"}


class DelimitedTable:
    """A text file with a sample a line.

    Parameters
    ----------
    source : Source
        The file, or what is packed in it.
    encoding : str
        Encoding of the text.
    text_format : TextFormat
        The way in which the table is written.
    bytes_in_block : int
        Size of the text to read at once.
    """

    def __init__(
        self, source: Source, encoding: str, text_format: TextFormat, bytes_in_block: int
    ) -> None:
        self._source, self._encoding, self._format = source, encoding, text_format
        self._bytes_in_block = bytes_in_block
        self._odd = OddLines(str(source.place))

    @property
    def path(self) -> Path:
        """File, for messages."""
        return self._source.place

    @property
    def headings(self) -> tuple[str, ...]:
        """Names of the columns."""
        return self._format.headings

    @property
    def first_line(self) -> str | None:
        """First row of a table without headings."""
        return self._format.first_line

    @property
    def rate_hz(self) -> float | None:
        """Samples per second, if the lines before the heading give it."""
        return self._format.rate_hz

    @property
    def notes(self) -> tuple[str, ...]:
        """Unusual things that were found, and, once the rows were read, what was left out."""
        packed = self._source.member if self._source.place == self._source.path else None
        of_zip = (f"table: {quoted(packed)} in the zip",) if packed else ()
        return (*of_zip, *self._format.notes, *self._odd.notes())

    def blocks(
        self, indices: Mapping[str, int], as_text: Collection[str] = ()
    ) -> Iterator[pd.DataFrame]:
        """Read some of the columns; see `har.reading.tables.opening.Table`.

        Raises
        ------
        DataError
            If the file is damaged, a cell among numbers is none, or many lines are no rows.
        """
        self._odd = OddLines(str(self.path))
        texts = {indices[name] for name in as_text}
        for lines, first_line, is_cut in self._numbered_blocks():
            kept = self._rows_among(lines, first_line, is_cut)
            frame, numbers = self._parsed(lines, kept, first_line, set(indices.values()), texts)
            block = pd.DataFrame({name: frame[index] for name, index in indices.items()})
            block.index = pd.RangeIndex(self._odd.n_rows, self._odd.n_rows + len(block))
            for name, index in indices.items():
                # What a time is, is for those to say who read it.
                if name != "time" and name not in as_text and index in self._format.numeric:
                    self._check_numbers(block[name], index, numbers)
            self._odd.n_rows += len(block)
            yield block
        self._odd.check(f"{len(self.headings)} fields, most of them numbers")

    def _numbered_blocks(self) -> Iterator[tuple[BlockLines, int, bool]]:
        """Yield blocks of lines with the number of their first, from 1, and if the last is cut."""
        first_line = 1
        for block, is_cut in text_blocks(self._source, self._encoding, self._bytes_in_block):
            if self._format.delimiter != ";":
                block = block.replace(b";\n", b"\n")
            if not block.strip(b"\n"):
                self._odd.add_blank(len(block), first_line)
                first_line += len(block)
                continue
            lines = count_fields(
                block,
                self._format.delimiter,
                len(self.headings),
                self._format.leaves_cells_out,
            )
            yield lines, first_line, is_cut
            first_line += len(lines.ends)

    def _rows_among(self, lines: BlockLines, first_line: int, is_cut: bool) -> BoolArray:
        """Return which lines are rows, as far as their fields show without being read."""
        is_row = np.ones(len(lines.ends), np.bool_)
        is_row[: max(self._format.n_lines_before - first_line + 1, 0)] = False
        is_blank = lines.starts == lines.ends
        self._odd.add_blank(int(is_blank.sum()), first_line)
        is_row &= ~is_blank
        for index in map(int, np.flatnonzero(lines.is_odd & is_row)):
            kind = self._kind_of(lines.line(index))
            if kind == "broken" and is_cut and index == len(is_row) - 1:
                kind = "cut"
            if kind != "row":
                is_row[index] = False
                self._odd.add(kind, first_line + index, lines.line(index))
        return is_row

    def _kind_of(self, line: str) -> Kind:
        if is_comment(line, self._format.delimiter):
            return "nothing"
        if line in self._format.repeatable:
            return "heading"
        if line.count('"') % 2:
            return "broken"
        fields = split_line(line, self._format.delimiter)
        return kind_of(
            fields, self._format.numeric, len(self.headings), self._format.leaves_cells_out
        )

    def _parsed(
        self,
        lines: BlockLines,
        is_row: BoolArray,
        first_line: int,
        columns: Collection[int],
        texts: Collection[int],
    ) -> tuple[pd.DataFrame, IntArray]:
        """Read columns by their index, without lines of text, and the numbers of their lines."""
        # A column of numbers shows which lines are text, whatever columns are wanted.
        guards = self._format.numeric[:1]
        frame = self._read(lines.keep(is_row), {*columns, *guards}, texts)
        for guard in guards:
            wrong = _wrong_cells(to_numbers(frame[guard], self._format.decimal))
            n_wrong = 0
            for index in map(int, np.flatnonzero(is_row)[wrong]):
                kind = self._kind_of(lines.line(index))
                if kind != "row":
                    is_row[index] = False
                    self._odd.add(kind, first_line + index, lines.line(index))
                    n_wrong += 1
            if n_wrong:
                frame = self._read(lines.keep(is_row), set(columns), texts)
        for index in set(columns) & set(self._format.numeric) - set(texts):
            frame[index] = to_numbers(frame[index], self._format.decimal)
        return frame, np.flatnonzero(is_row) + first_line

    def _read(self, text: bytes, columns: set[int], texts: Collection[int]) -> pd.DataFrame:
        """Read columns of rows by their index."""
        if not text:
            return pd.DataFrame({index: np.empty(0) for index in columns})
        expected = f"{len(self.headings)} columns in each line"
        with parsing(self.path, expected):
            return pd.read_csv(
                io.BytesIO(text),
                sep=r"\s+" if self._format.delimiter == " " else self._format.delimiter,
                decimal=self._format.decimal,
                encoding_errors="replace",
                header=None,
                names=range(len(self.headings)),
                usecols=sorted(columns),
                index_col=False,
                dtype={index: str for index in texts},
                na_values={index: [""] if index in texts else list(MISSING) for index in columns},
                keep_default_na=False,
                skip_blank_lines=False,
                skipinitialspace=True,
                low_memory=False,
                **_EXACT_NUMBERS,
            )

    def _check_numbers(self, column: pd.Series[Any], index: int, numbers: IntArray) -> None:
        """Refuse text in a column of numbers."""
        wrong = _wrong_cells(column)
        if len(wrong):
            raise DataError(
                f"{self.path}, line {numbers[wrong[0]]}, column "
                f"{quoted(self.headings[index])}: found {quoted(str(column.iloc[wrong[0]]))}, "
                "expected a finite number"
            )


def _wrong_cells(column: pd.Series[Any]) -> IntArray:
    """Return the places of cells that are no numbers, in a column that was not read as numbers."""
    if column.dtype.kind in "iufb":
        return np.empty(0, np.int64)
    numbers = pd.to_numeric(column.astype(object), errors="coerce")
    return np.flatnonzero((numbers.isna() & column.notna()).to_numpy())


def open_delimited(source: Source) -> DelimitedTable:
    """Detect how a text file is written.

    Parameters
    ----------
    source : Source
        File to read.

    Returns
    -------
    DelimitedTable

    Raises
    ------
    DataError
        If it is empty, damaged, or no text.
    """
    start = source.start(SNIFFED_BYTES)
    if not start.strip():
        raise DataError(f"{source.place}: found an empty file, expected {','.join(PLAIN_HEADING)}")
    encoding = encoding_of(start)
    if encoding == "utf-8" and _is_binary(start):
        raise DataError(f"{source.place}: found binary data, expected a table: export it as CSV")
    # The last line of a short file may lack its end, and comes by itself.
    n_blocks = 1 if len(start) == SNIFFED_BYTES else 2
    sniffed = itertools.islice(text_blocks(source, encoding, SNIFFED_BYTES), n_blocks)
    text = b"".join(block for block, _is_cut in sniffed).decode("utf-8", "replace")
    lines = text.split("\n")[:-1][:_SNIFFED_LINES]
    text_format = find_format(lines, str(source.place))
    length = max(map(len, lines[text_format.n_lines_before :]), default=1) + 1
    bytes_in_block = min(_BLOCK_BYTES, _MOST_ROWS_IN_BLOCK * length)
    return DelimitedTable(source, encoding, text_format, bytes_in_block)


def _is_binary(start: bytes) -> bool:
    """Return whether bytes have zeros, or many signs that no text has."""
    start = start[: 1 << 10]
    # What was copied from a terminal has its escapes and bells.
    n_controls = sum(sign < 32 and sign not in b"\t\n\r\f\x1a\x1b\x07" for sign in start)
    return b"\0" in start or n_controls > len(start) / 20
