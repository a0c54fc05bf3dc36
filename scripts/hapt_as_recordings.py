"""Write some recordings of HAPT as a folder of one's own: a CSV file each, and recordings.csv.

An example of what ``har train --data.set recordings`` takes, made of real data.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from har.datasets.file_trees import trees_at
from har.datasets.hapt import holds_hapt, read_segments
from har.datasets.hapt_recordings import find_recordings
from har.datasets.own.recordings_table import TABLE
from har.signals.activities import HAPT_ACTIVITIES
from har.signals.channels import SAMPLE_RATE_HZ
from har.signals.recording import Recording


def file_of(experiment: int) -> str:
    """Name the file of an experiment."""
    return f"experiment{experiment:02d}.csv"


def recording_as_table(recording: Recording) -> pd.DataFrame:
    """Put the time in seconds before the columns of a recording."""
    # In single precision, as which it will be read: longer numbers would say no more.
    samples = recording.samples.astype(np.float32)
    table = pd.DataFrame(samples, columns=list(recording.channels))
    table.insert(0, "time_s", table.index / recording.rate_hz)
    return table


def segments_as_table(segments: pd.DataFrame) -> pd.DataFrame:
    """Turn rows of HAPT's labels.txt into rows of recordings.csv."""
    return pd.DataFrame(
        {
            "file": segments["experiment"].map(file_of),
            "subject": segments["user"],
            "start_s": (segments["first_sample"] - 1) / SAMPLE_RATE_HZ,
            "end_s": segments["last_sample"] / SAMPLE_RATE_HZ,
            "activity": [HAPT_ACTIVITIES[number - 1] for number in segments["activity"]],
        }
    )


def write_folder(source: Path, experiments: list[int], folder: Path) -> pd.DataFrame:
    """Write some of HAPT's experiments and their table, and return the table."""
    tree = next(filter(holds_hapt, trees_at(source)), None)
    if tree is None:
        raise SystemExit(f"{source}: found no HAPT in it; har fetch hapt --to {source} gets it")
    recordings = find_recordings(tree)
    segments = read_segments(tree, recordings)
    table = segments_as_table(segments[segments["experiment"].isin(experiments)])
    folder.mkdir(parents=True, exist_ok=True)
    for experiment in experiments:
        recording = recording_as_table(recordings[experiment].read())
        recording.to_csv(folder / file_of(experiment), index=False)
    table.to_csv(folder / TABLE, index=False)
    return table


def main() -> None:
    """Write the folder that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write")
    parser.add_argument("--data", type=Path, default="data", help="where HAPT lies (default: data)")
    parser.add_argument(
        "--experiments",
        type=int,
        nargs="+",
        choices=range(1, 62),
        required=True,
        metavar="NUMBER",
        help="from 1 to 61; most people are in two that follow each other",
    )
    options = parser.parse_args()
    table = write_folder(options.data, sorted(set(options.experiments)), options.folder)
    print(
        f"{options.folder}: {table['file'].nunique()} recordings of "
        f"{table['subject'].nunique()} people, {len(table)} segments in {TABLE}"
    )


if __name__ == "__main__":
    main()
