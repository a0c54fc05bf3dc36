"""From labels, probabilities and subjects to metrics with intervals; does not need MXNet.

Read `metrics` (`Evaluation`), then `intervals` and `calibration`; `agreement`, `events`,
`scored_recordings` and `recordings` (`RecordingEvaluation`) score timelines of whole recordings;
`disturbances` and `robustness` simulate worse phones, `label_errors` finds suspect labels,
`notable_windows` single windows worth a look;
`strangeness` and `spread` keep of the training windows how they vary.
"""
