"""From labels, probabilities and subjects to honest figures. NumPy only.

Read `metrics` (`Evaluation`), then `intervals` and `calibration`; `disturbances` and `robustness`
ask what a worse phone would do, `label_errors` which labels to doubt, `notable_windows` what to
look at.
"""
