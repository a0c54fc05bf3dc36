"""Training of a network: from `Windows` to weights and an `EpochRecord` per epoch.

Read `loop`, then `passes` (one epoch), `trainer` (one step), `batches` with `draws`, `weights`,
`history`, and `checkpoint`, from which a training goes on; `threads` measures how many of them are
fastest, `processes` and `exchange` train with several processes; `tensorboard` writes the records
as event files. `adaptation` fits a trained network to one person, without MXNet.
"""
