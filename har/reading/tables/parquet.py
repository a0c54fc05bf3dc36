"""Tables in Parquet files, read block by block."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from har.errors import DataError, install_command, parsing
from har.files import open_regular
from har.reading.archives import most_unpacked
from har.reading.columns import MOST_COLUMNS

if TYPE_CHECKING:
    from pyarrow.parquet import FileMetaData, ParquetFile

MAGIC = b"PAR1"
_ROWS_IN_BLOCK = 100_000
# What never changes is packed to nothing, but stamps do: a byte holds no 20 rows of them.
_HARMLESS_ROWS, _MOST_ROWS_IN_BYTE = 1_000_000, 20


@dataclass(frozen=True)
class ParquetTable:
    """A Parquet file with one sample a row.

    Parameters
    ----------
    path, headings
        The file, and the names of its columns.
    """

    path: Path
    headings: tuple[str, ...]
    first_line: None = None
    rate_hz: None = None
    notes: tuple[str, ...] = ()

    def blocks(
        self, indices: Mapping[str, int], as_text: Collection[str] = ()
    ) -> Iterator[pd.DataFrame]:
        """Read some of the columns; see `har.reading.tables.opening.Table`.

        Raises
        ------
        DataError
            If the file is damaged.
        """
        import pyarrow

        names = {self.headings[index]: name for name, index in indices.items()}
        first_row = 0
        with _opened(self.path) as file:
            for batch in file.iter_batches(_ROWS_IN_BLOCK, columns=list(names)):
                block = batch.to_pandas(ignore_metadata=True).rename(columns=names)
                for name in as_text:
                    # Numbers beside missing ones stay as they are written.
                    values = batch.column(self.headings[indices[name]]).to_pylist()
                    texts = [None if value is None else str(value) for value in values]
                    block[name] = pd.Series(texts, dtype=object)
                block.index = pd.RangeIndex(first_row, first_row + len(block))
                first_row += len(block)
                yield block
                del batch, block
                pyarrow.default_memory_pool().release_unused()


def open_parquet(path: Path) -> ParquetTable:
    """Read the names of a Parquet file's columns.

    Parameters
    ----------
    path : Path
        File to read.

    Returns
    -------
    ParquetTable

    Raises
    ------
    DataError
        If pyarrow is not installed, or the file is damaged.
    """
    try:
        import pyarrow.parquet  # noqa: F401 (where it is missing, this is the place to say so)
    except ImportError:
        raise DataError(
            f"{path}: found a Parquet file, expected pyarrow to read it: "
            f"{install_command('parquet')}"
        ) from None
    with _opened(path) as file:
        return ParquetTable(path, tuple(file.schema_arrow.names))


@contextmanager
def _opened(path: Path) -> Iterator[ParquetFile]:
    """Open a file, and compare what it claims to hold with its size."""
    from pyarrow import parquet

    # pyarrow raises what its parsers and its conversions do.
    with (
        parsing(path, "a whole one", found="a damaged Parquet file"),
        open_regular(path) as stream,
    ):
        n_bytes = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        with parquet.ParquetFile(stream, pre_buffer=False) as file:
            _check_claims(file.metadata, n_bytes, path)
            yield file


def _check_claims(facts: FileMetaData, n_bytes: int, path: Path) -> None:
    if facts.num_columns > MOST_COLUMNS:
        raise DataError(
            f"{path}: found {facts.num_columns:,} columns, expected at most {MOST_COLUMNS:,}"
        )
    if facts.num_rows > max(_HARMLESS_ROWS, _MOST_ROWS_IN_BYTE * n_bytes):
        raise DataError(
            f"{path}: found {facts.num_rows:,} rows in {n_bytes:,} bytes, expected a Parquet file "
            "of signals"
        )
    groups = [facts.row_group(i).total_byte_size for i in range(facts.num_row_groups)]
    if sum(groups) > most_unpacked(n_bytes) or min(groups, default=0) < 0:
        raise DataError(
            f"{path}: found {sum(groups) >> 20:,} MB in a Parquet file of {n_bytes:,} bytes, "
            "expected signals, which are packed less"
        )
