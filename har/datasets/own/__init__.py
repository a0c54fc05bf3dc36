"""A user's own recordings: their table and their labels.

Read `recordings_table` (files, people and labels) with `written_tables` (text to rows),
`segment_times` (moments to seconds) and `spellings`; then `labelled_recordings`, which cuts windows
and names them by `sample_labels`.
"""
