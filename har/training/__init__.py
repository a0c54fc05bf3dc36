"""The loop that trains a network: Windows in, an `EpochRecord` per epoch out.

Read `loop`, then `trainer` (one step), `batches`, `weights`, `history`; `tensorboard` writes what
is told of each epoch as event files.
"""
