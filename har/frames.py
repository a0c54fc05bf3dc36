"""Tables to files, CSV or Parquet by suffix."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from har.errors import UsageError
from har.files import write_whole


def write_frame(table: pd.DataFrame, path: Path) -> None:
    """Write a table, whole or not at all.

    Parameters
    ----------
    table : DataFrame
        Floats have eight significant digits in CSV, and all of them in Parquet.
    path : Path
        ``.parquet`` or ``.pq`` writes Parquet, anything else CSV.

    Raises
    ------
    UsageError
        If Parquet is asked for and pyarrow is not installed.
    OSError
        If the file cannot be written.
    """
    if path.suffix.lower() not in {".parquet", ".pq"}:
        write_whole(path, lambda file: table.to_csv(file, index=False, float_format="%.8g"))
        return
    try:
        write_whole(path, lambda file: table.to_parquet(file, index=False))
    except ImportError as error:
        raise UsageError(
            f"{path}: found no pyarrow, which writes Parquet, expected it installed: "
            "pip install 'har[parquet]'; or name a .csv"
        ) from error
