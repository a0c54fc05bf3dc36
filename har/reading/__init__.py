"""From what a phone wrote to samples in g and rad/s at 50 Hz.

Read `recording_files`, then what it calls: `sensors` over `tables`, `columns`, `raw_signals`,
`units`, `times`, `gaps`, and the checks `gravity`, `axes`, `sensor_faults`. `streams` reads live
streams, `recording_paths` finds recordings, `label_column` reads labels beside signals,
`recording_start` the moment of a first sample, `window_files` windows that are cut already.
"""
