"""From what a phone wrote to samples in g and rad/s at 50 Hz.

Read `recording_files`, then what it calls: `sensor_files` and `sensor_rows` over `tables`,
`columns` over `sensor_names`, `raw_signals`, `units`, `times`, `gaps`, `alignment` of sensors with
clocks of their own, and the checks `gravity`, `axes`, `sensor_faults`. `streams` reads live
streams, `label_column` labels beside signals, `recording_start` the moment of a first sample,
`window_files` windows that are cut already.
"""
