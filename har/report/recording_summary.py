"""What a recording holds, in lines for a terminal: signals, gaps, gravity and notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from har.inference.notes import sort_notes
from har.report.wording import duration_in_words
from har.signals.channels import unit_of
from har.signals.orientation import AXES, UPRIGHT, angles_degrees, nearest_axis
from har.signals.recording import Recording
from har.signals.wearing import TOO_STILL, wearing_doubts, worn_parts

_N_GAPS_SHOWN = 5


@dataclass(frozen=True)
class FileFindings:
    """A file among others, in short.

    Parameters
    ----------
    file : Path
        File or folder of a recording.
    duration_s : float or None
        Duration; None if it could not be read.
    n_gaps : int
        Number of gaps.
    has_gyroscope : bool
        Whether its angular rates could be read.
    up : str
        Axes that point up while the person moves; in brackets, on the whole of a recording that is
        too still to tell.
    n_mended : int
        Number of notes on corrections.
    doubts : tuple of str
        Reasons why answers may be wrong.
    error : str or None
        Reason why it could not be read.
    subject : str or None
        The person, where a table names them.
    seconds : mapping of str to float, optional
        Labelled time of each activity, where a table names them.
    """

    file: Path
    duration_s: float | None = None
    n_gaps: int = 0
    has_gyroscope: bool = False
    up: str = ""
    n_mended: int = 0
    doubts: tuple[str, ...] = ()
    error: str | None = None
    subject: str | None = None
    seconds: Mapping[str, float] | None = None

    @classmethod
    def of(cls, file: Path, recording: Recording) -> FileFindings:
        """Sum up a recording."""
        notes = sort_notes(recording.notes)
        return cls(
            file,
            recording.duration_s,
            len(recording.stretches) - 1,
            len(recording.channels) > 3,
            _upward(recording),
            len(notes.mended),
            (*notes.doubted, *wearing_doubts(recording, UPRIGHT)),
        )


def files_in_words(findings: Sequence[FileFindings]) -> str:
    """Write a row per file, then what is doubted and wrong.

    Parameters
    ----------
    findings : sequence of FileFindings
        Findings of at least one file.

    Returns
    -------
    str
        Several lines.
    """
    rows = {
        str(found.file): {
            "duration": "-" if found.duration_s is None else duration_in_words(found.duration_s),
            "gaps": found.n_gaps,
            "gyroscope": "yes" if found.has_gyroscope else "no",
            "up": found.up,
            "mended": found.n_mended,
            "doubts": len(found.doubts),
        }
        for found in findings
        if found.error is None
    }
    table = pd.DataFrame.from_dict(rows, orient="index").to_string().splitlines() if rows else []
    doubts = [f"{found.file}: {doubt}" for found in findings for doubt in found.doubts]
    errors = [found.error for found in findings if found.error is not None]
    parts = [
        f"{len(findings)} recordings\n{indented(table or ['none can be read'])}",
        f"Doubted\n{indented(doubts or ['nothing'])}",
        f"Problems\n{indented(errors or ['none'])}",
    ]
    return "\n\n".join(parts)


def labels_in_words(findings: Sequence[FileFindings], place: str) -> str:
    """Write the labelled minutes of each person and activity.

    Parameters
    ----------
    findings : sequence of FileFindings
        Findings with a person and labels.
    place : str
        Folder of the data set.

    Returns
    -------
    str
        Several lines.
    """
    minutes: dict[str, Counter[str]] = {str(found.subject): Counter() for found in findings}
    for found in findings:
        for name, seconds in (found.seconds or {}).items():
            minutes[str(found.subject)][name] += seconds / 60  # type: ignore[assignment]
    table = pd.DataFrame.from_dict(minutes, orient="index").fillna(0.0)
    table = table[sorted(table.columns)]
    table.loc["all"] = table.sum()
    text = table.to_string(float_format=lambda value: f"{value:.1f}").splitlines()
    return (
        f"{place}: {len(findings)} recordings of {len(minutes)} people, "
        f"{len(table.columns)} activities\n\nMinutes of each person\n{indented(text)}"
    )


def recording_in_words(recording: Recording) -> str:
    """Describe a recording.

    Parameters
    ----------
    recording : Recording
        Recording as read, with its notes.

    Returns
    -------
    str
        Several lines: duration and gaps, a row per channel, the direction of gravity, and what was
        assumed, mended and doubted.
    """
    notes = sort_notes(recording.notes)
    doubts = [*notes.doubted, *wearing_doubts(recording, UPRIGHT)]
    parts = [
        "\n".join([_size_in_words(recording), *_gaps_in_words(recording)]),
        "Channels\n" + indented(_channels_in_words(recording).splitlines()),
        "How it is worn\n" + indented(worn_in_words(recording)),
        "Assumed\n" + indented(notes.assumed or ["nothing"]),
        "Mended\n" + indented(notes.mended or ["nothing"]),
        "Doubted\n" + indented(doubts or ["nothing"]),
    ]
    return "\n\n".join(parts)


def indented(lines: Iterable[str]) -> str:
    """Return lines as a block under a heading."""
    return "\n".join(f"  {line}" for line in lines)


def _size_in_words(recording: Recording) -> str:
    return (
        f"{duration_in_words(recording.duration_s)} ({recording.duration_s:.1f} s), "
        f"{len(recording):,} samples at {recording.rate_hz:g} Hz of "
        f"{', '.join(recording.channels)}"
    )


def _gaps_in_words(recording: Recording) -> list[str]:
    """Name each gap between stretches, or the first of many."""
    parts = recording.stretches
    if len(parts) == 1:
        return ["no gaps"]
    lines = [f"{len(parts) - 1} {'gap' if len(parts) == 2 else 'gaps'}"]
    for before, after in zip(parts[:_N_GAPS_SHOWN], parts[1:], strict=False):
        from_s = before.start_s + before.n_samples / recording.rate_hz
        lines.append(f"  from {from_s:.1f} s to {after.start_s:.1f} s")
    if len(parts) - 1 > _N_GAPS_SHOWN:
        lines.append(f"  and {len(parts) - 1 - _N_GAPS_SHOWN} more")
    return lines


def _channels_in_words(recording: Recording) -> str:
    samples = recording.samples
    table = pd.DataFrame(
        {
            "unit": [unit_of(channel) for channel in recording.channels],
            "min": samples.min(axis=0),
            "max": samples.max(axis=0),
            "mean": samples.mean(axis=0, dtype=np.float64),
            "deviation": samples.std(axis=0, dtype=np.float64),
        },
        index=list(recording.channels),
    )
    text: str = table.to_string(float_format=lambda value: f"{value:.3f}")
    return text


def worn_in_words(recording: Recording) -> list[str]:
    """Describe where gravity points, which tells how the phone is worn.

    Parameters
    ----------
    recording : Recording
        Recording with acceleration in g.

    Returns
    -------
    list of str
        A line for each part of the recording that is worn in one way.
    """
    parts = worn_parts(recording)
    if not parts:
        return [TOO_STILL]
    lines = []
    for part in parts:
        axis = nearest_axis(part.gravity)
        angle = float(angles_degrees(part.gravity, AXES[axis]))
        from_x = float(angles_degrees(part.gravity, UPRIGHT))
        start_s = part.first_sample / recording.rate_hz
        since = f"from {start_s:.0f} s on, " if len(parts) > 1 else ""
        lines.append(
            f"{since}in {part.n_lively} s of lively movement {axis} points up, {angle:.0f}° off; "
            f"that is {from_x:.0f}° from +x, which points up in UCI HAR"
        )
    return lines


def _upward(recording: Recording) -> str:
    """Return the axis nearest to gravity while the person moves, or on the whole."""
    parts = worn_parts(recording)
    mean = recording.samples[:, :3].mean(axis=0, dtype=np.float64)
    return ", ".join(dict.fromkeys(nearest_axis(part.gravity) for part in parts)) or (
        f"({nearest_axis(mean)})"
    )
