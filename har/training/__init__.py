"""Training of a network: from `Windows` to weights and an `EpochRecord` per epoch.

Read `loop`, then `trainer` (one step), `batches`, `weights`, `history`; `tensorboard` writes the
records as event files.
"""
