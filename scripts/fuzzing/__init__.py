"""Hostile inputs for whatever reads a file, a setting or a stream: modules of `scripts/fuzz`.

In the order in which to read them:

- `inputs`: an input is a few named files, changed by what their names end in.
- `bytes_changes`, `text_changes`, `json_changes`, `container_changes`: ways to change a file.
- `samples`: whole inputs to begin with, made by code.
- `groups`: what reads the inputs, and how many of them each reader gets.
- `verdicts`: whether an answer is right, and what is wrong with it.
- `children`: forked processes that read inputs under limits, and the parent that watches them.
- `findings`: wrong answers, kept as short inputs that show them.
- `failures`: inputs that once failed.
"""
