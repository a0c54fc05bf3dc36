"""Tables that `har predict` writes of a recording.

::

    timeline.csv             a row per window
    timeline-segments.csv    neighbouring windows of the same activity, merged
    timeline-about.json      what was read, what was assumed, which model

The picture and the page are in `har.report.pages.timeline_page`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from har import __version__
from har.evaluation.agreement import Agreement, measure_agreement
from har.files import write_frame, write_text, writing_to
from har.inference.context import ContextKind
from har.inference.segments import merge_segments, time_of_each
from har.inference.timeline import each_alone
from har.report.wording import duration_in_words
from har.signals.activities import UNKNOWN
from har.signals.recording import Recording


@dataclass(frozen=True)
class TimelineReport:
    """A recording, what was found in it, and by which model.

    Parameters
    ----------
    recording : Recording
        Recording that was classified.
    timeline : DataFrame
        A row per window, see `har.inference.timeline.make_timeline`.
    activities : tuple of str
        Names of the classes.
    model : str
        Run that classified it.
    truth : DataFrame or None
        True activities: start_s, end_s and activity.
    abstain_below : float
        Confidence below which windows are UNKNOWN in the timeline.
    doubts : tuple of str
        Reasons why the activities may be wrong, with their cures.
    context : {"markov", "none"}
        Whether windows were judged with those around them, or each by itself.
    """

    recording: Recording
    timeline: pd.DataFrame
    activities: tuple[str, ...]
    model: str
    truth: pd.DataFrame | None = None
    abstain_below: float = 0.0
    doubts: tuple[str, ...] = ()
    context: ContextKind = "none"

    @property
    def n_changed(self) -> int | None:
        """Number of windows whose activity the context changed; None without a context."""
        if "activity_alone" not in self.timeline:
            return None
        return int((self.timeline["activity"] != self.timeline["activity_alone"]).sum())

    @property
    def n_strange(self) -> int | None:
        """Number of windows that are unlike anything in training; None if that is not known."""
        if "is_strange" not in self.timeline:
            return None
        return int(self.timeline["is_strange"].sum())

    @property
    def n_unknown(self) -> int:
        """Number of windows that are UNKNOWN."""
        return int((self.timeline["probability"] < self.abstain_below).sum())

    @cached_property
    def segments(self) -> pd.DataFrame:
        """Neighbouring windows of the same activity, merged."""
        return merge_segments(self.timeline)

    @property
    def bands(self) -> dict[str, pd.DataFrame]:
        """Segments to draw: predicted, those of each window alone if they differ, and true ones."""
        bands = {"predicted": self.segments}
        if self.n_changed:
            bands["each alone"] = merge_segments(each_alone(self.timeline))
        return bands if self.truth is None else {**bands, "true": self.truth}

    @cached_property
    def totals(self) -> pd.DataFrame:
        """Time of each activity, the longest first."""
        table = time_of_each(self.segments)
        return table.sort_values("duration_s", ascending=False, kind="stable")

    @cached_property
    def agreement(self) -> Agreement | None:
        """Agreement with the true activities, where they are known."""
        if self.truth is None:
            return None
        return measure_agreement(self.timeline, self.truth, self.abstain_below)

    def in_words(self) -> str:
        """Sum up in a few lines for a terminal."""
        lines = [
            f"{self.recording.source}: {duration_in_words(self.recording.duration_s)}, "
            f"{len(self.timeline)} windows{self._unknown_in_words()}, {len(self.segments)} segments"
        ]
        lines += [
            f"  {activity:20}{duration_in_words(row['duration_s']):>14}{row['share']:>9.1%}"
            for activity, row in self.totals.iterrows()
        ]
        if self.agreement is not None:
            lines.append(f"  {self.agreement.in_words()}")
        if self.n_changed is not None:
            lines.append(f"  {self.changed_in_words(self.n_changed)} (column activity_alone)")
        n_warming_up = int(self.timeline["warming_up"].sum())
        lines.append(f"  {n_warming_up} windows start while the filters settle (column warming_up)")
        if self.n_strange is not None:
            lines.append(f"  {self.strange_in_words(self.n_strange)} (column is_strange)")
        lines += [f"  doubt: {doubt}" for doubt in self.doubts]
        return "\n".join(lines)

    def changed_in_words(self, n_changed: int) -> str:
        """Return what the context did, in words."""
        return (
            "windows are judged with those around them, which changed the activity of "
            f"{n_changed} of {len(self.timeline)}"
        )

    def strange_in_words(self, n_strange: int) -> str:
        """Return the number of windows that are unlike training in words."""
        return f"{n_strange} of {len(self.timeline)} windows are unlike anything in training"

    def _unknown_in_words(self) -> str:
        if not self.abstain_below:
            return ""
        return f" ({self.n_unknown} {UNKNOWN}: no probability reaches {self.abstain_below:g})"

    def about(self) -> dict[str, object]:
        """Collect where the prediction comes from, for a file beside it."""
        return {
            "har": __version__,
            "model": self.model,
            "recording": self.recording.source,
            "duration_s": round(self.recording.duration_s, 3),
            "n_samples": len(self.recording),
            "rate_hz": self.recording.rate_hz,
            "channels": list(self.recording.channels),
            "n_windows": len(self.timeline),
            "context": self.context,
            "n_changed_by_context": self.n_changed,
            "abstain_below": self.abstain_below,
            "n_unknown": self.n_unknown,
            "n_segments": len(self.segments),
            "stretches": [vars(stretch) for stretch in self.recording.stretches],
            "notes": list(self.recording.notes),
            "doubts": list(self.doubts),
            "n_strange": self.n_strange,
        }

    def write_tables(self, out: Path) -> list[Path]:
        """Write the tables and what they are about.

        Parameters
        ----------
        out : Path
            File of the timeline; ``.parquet`` writes Parquet, anything else CSV. The other files
            lie beside it.

        Returns
        -------
        list of Path
            Files that were written.

        Raises
        ------
        RunError
            If a file cannot be written.
        """
        files = [out, beside(out, "-segments", out.suffix), beside(out, "-about", ".json")]
        with writing_to(out, "file"):
            write_frame(self.timeline, files[0])
            write_frame(self.segments, files[1])
            write_text(files[2], json.dumps(self.about(), indent=2) + "\n")
        return files


def beside(out: Path, ending: str, suffix: str) -> Path:
    """Return the file next to another, named after it with an ending."""
    return out.with_name(f"{out.stem}{ending}{suffix}")
