"""Published data sets: how each is recognised, read and checked.

Read `readers`, which knows all of them; `recorded_sets`, which makes a `DataSet` of recordings with
names of activities; then the sets that are read so: `motionsense`, `mhealth`, `unimib_shar`, and
by `timed_rows`, which puts rows with time stamps together, `pamap2`, `wisdm` and `hhar`.
"""
