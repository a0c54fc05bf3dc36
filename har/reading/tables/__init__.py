"""Tables as files: `opening` finds out what a file is; `delimited` and `parquet` read it."""
