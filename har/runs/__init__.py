"""What a training leaves on disk, and how it is read back as values.

Read `folder` (`RunFolder`), then `results` (a scored run), `provenance` and `lock`.
"""
