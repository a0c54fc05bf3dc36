"""The folder of many timelines: which recordings are done, and a table with a row for each.

::

    NAME-timeline.csv  a row per window of a recording, and its other files beside it
    finished.jsonl     a line per recording that is done
    summary.csv        a row per recording
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from har.errors import RunError, reason_of
from har.files import append_line, read_regular, write_frame, writing_to
from har.signals.activities import UNKNOWN

SUMMARY = "summary.csv"
FINISHED = "finished.jsonl"
# A result has some hundred bytes.
_MOST_BYTES = 256 << 20


@dataclass(frozen=True)
class BatchJob:
    """A recording to classify.

    Parameters
    ----------
    file : Path
        Recording, as a person named it.
    timeline : str
        Name of its timeline in the batch's folder.
    key : str
        Digest of all that the timeline follows from: file, run and options.
    """

    file: Path
    timeline: str
    key: str


@dataclass(frozen=True)
class BatchResult:
    """A row of the summary.

    Parameters
    ----------
    file, timeline, key
        See `BatchJob`.
    duration_s : float or None
        Duration of the recording; None if it could not be classified.
    n_windows : int
        Number of its windows.
    seconds : mapping of str to float
        Time of each activity that occurs.
    share_unknown : float or None
        Share of windows that are UNKNOWN.
    doubts : tuple of str
        Reasons why answers may be wrong.
    error : str or None
        Reason why the recording could not be classified.
    """

    file: str
    timeline: str
    key: str
    duration_s: float | None = None
    n_windows: int = 0
    seconds: Mapping[str, float] | None = None
    share_unknown: float | None = None
    doubts: tuple[str, ...] = ()
    error: str | None = None


def timeline_names(files: Sequence[Path]) -> list[str]:
    """Name the timeline of each recording, so that no two are alike.

    Parameters
    ----------
    files : sequence of Path
        Recordings, each once.

    Returns
    -------
    list of str
        Paths below the batch's folder: as the recordings lie below the folder they have in common.
    """
    absolute = [Path(os.path.abspath(file)) for file in files]
    common = Path(os.path.commonpath([file.parent for file in absolute])) if files else Path()
    stems = [file.relative_to(common).with_suffix("") for file in absolute]
    times = Counter(stems)
    return [
        # walk.csv beside walk.txt.
        (stem if times[stem] == 1 else stem.with_name(file.name)).as_posix() + "-timeline.csv"
        for file, stem in zip(absolute, stems, strict=True)
    ]


@dataclass(frozen=True)
class BatchFolder:
    """The folder of many timelines.

    Parameters
    ----------
    path : Path
        Folder; see `start`.
    """

    path: Path

    @classmethod
    def start(cls, path: Path) -> BatchFolder:
        """Make the folder, or go on in it.

        Raises
        ------
        RunError
            If it cannot be written.
        """
        with writing_to(path):
            path.mkdir(parents=True, exist_ok=True)
            (path / FINISHED).touch()
        return cls(path)

    def finished(self, jobs: Iterable[BatchJob]) -> list[BatchResult]:
        """Return the results of jobs that were done before, with the same file, run and options."""
        earlier = {}
        try:
            kept = read_regular(self.path / FINISHED, _MOST_BYTES)
        except OSError as error:
            raise RunError(
                f"{self.path / FINISHED}: found {reason_of(error)}, expected a list of results"
            ) from error
        for line in kept.splitlines():
            try:
                content = json.loads(line)
                result = BatchResult(**{**content, "doubts": tuple(content["doubts"])})
                earlier[result.timeline, result.key] = result
            except (ValueError, TypeError, KeyError, RecursionError):
                # An empty line, or one of a process that was killed.
                continue
        done = (earlier.get((job.timeline, job.key)) for job in jobs)
        return [result for result in done if result and (self.path / result.timeline).exists()]

    def keep(self, result: BatchResult) -> None:
        """Note that a recording is done.

        Raises
        ------
        RunError
            If it cannot be written.
        """
        with writing_to(self.path):
            append_line(self.path / FINISHED, json.dumps(asdict(result)))

    def write_summary(self, results: Iterable[BatchResult], activities: Sequence[str]) -> Path:
        """Write a row for each result.

        Parameters
        ----------
        results : iterable of BatchResult
            Results in the order of the rows.
        activities : sequence of str
            Activities of the classifier.

        Returns
        -------
        Path
            The table: file, timeline, duration_s, n_windows, ``seconds_ACTIVITY`` for each activity
            and UNKNOWN, share_unknown, doubts and error.

        Raises
        ------
        RunError
            If it cannot be written.
        """
        table = self.path / SUMMARY
        names = (*activities, UNKNOWN)
        rows = [_row(result, names) for result in results]
        with writing_to(table, "file"):
            write_frame(pd.DataFrame(rows), table)
        return table


def _row(result: BatchResult, names: Sequence[str]) -> dict[str, object]:
    is_there = result.seconds is not None
    seconds = result.seconds or {}
    return {
        "file": result.file,
        "timeline": result.timeline if is_there else None,
        "duration_s": result.duration_s,
        "n_windows": result.n_windows,
        **{f"seconds_{name}": seconds.get(name, 0.0) if is_there else None for name in names},
        "share_unknown": result.share_unknown,
        "doubts": "; ".join(result.doubts) or None,
        "error": result.error,
    }
