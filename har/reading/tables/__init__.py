"""Tables as files: `opening` finds out what a file is; `delimited`, `parquet`, … read it.

Text comes out of its container (`containers`) in blocks (`text_blocks`). How it is written shows in
its first lines (`text_format`, `heading_lines`, `header_block`); what is no row is found in each
block (`block_lines`, `odd_lines`).
"""
