"""Tables in Parquet files, read block by block."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from har.errors import DataError, install_command

MAGIC = b"PAR1"
_ROWS_IN_BLOCK = 100_000


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

    def blocks(
        self, indices: Mapping[str, int], text: Collection[str] = ()
    ) -> Iterator[pd.DataFrame]:
        """Read some of the columns; see `har.reading.tables.opening.Table`.

        Raises
        ------
        DataError
            If the file is damaged.
        """
        import pyarrow
        from pyarrow import parquet

        names = {self.headings[index]: name for name, index in indices.items()}
        first_row = 0
        try:
            with parquet.ParquetFile(self.path, memory_map=False, pre_buffer=False) as file:
                for batch in file.iter_batches(_ROWS_IN_BLOCK, columns=list(names)):
                    block = batch.to_pandas(ignore_metadata=True).rename(columns=names)
                    block.index = pd.RangeIndex(first_row, first_row + len(block))
                    first_row += len(block)
                    yield block
                    del batch, block
                    pyarrow.default_memory_pool().release_unused()
        except (pyarrow.ArrowException, OSError) as error:
            raise _unreadable(self.path, error) from None


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
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise DataError(
            f"{path}: found a Parquet file, expected pyarrow to read it: "
            f"{install_command('parquet')}"
        ) from None
    try:
        return ParquetTable(path, tuple(parquet.read_schema(path).names))
    except (pyarrow.ArrowException, OSError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> DataError:
    reason = " ".join(str(error).split())[:120]
    return DataError(f"{path}: found a damaged Parquet file ({reason}), expected a whole one")
