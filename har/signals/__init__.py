"""What sensors measure, and its processing: samples become `Recording` and `Windows`.

Read `channels`, `activities`, `subjects`, `recording`, `windows`; then `filters` (the processing
that made UCI HAR), `streaming` (the same for samples as they come), `resampling` and
`augmentation`; `data_description` is what identifies a set of windows.
"""
