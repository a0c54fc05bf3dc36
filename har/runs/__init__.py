"""What a training leaves on disk, and how it is read back as values.

Read `output_folder` (what every folder has in common) and `folder` (`RunFolder`), `manifest` with
`adaptation` (one of its sections) and `json_object` (its checked values), `provenance` and
`integrity` (its digests), `arrays_file` and `params_file`, then `results` (a scored run) with
`prediction_table`; `checkpoints` and `resuming` for a training that goes on, and `lock`.
"""
