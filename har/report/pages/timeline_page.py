"""The picture and the page that `har predict --plot` makes of a recording.

::

    timeline.png, .html      signals over a band of activities

They are apart from the tables (`har.report.pages.timeline`), which need no matplotlib.
"""

from __future__ import annotations

from pathlib import Path

from har import __version__
from har.files import write_text, writing_to
from har.report.drawing import save_png
from har.report.pages.timeline import TimelineReport, beside
from har.report.section import Picture
from har.report.templating import page_environment
from har.report.timeline_figure import timeline_figure
from har.report.wording import activity_label, percent
from har.signals.activities import UNKNOWN

# A page of more rows than this is slow, and nobody reads them.
_N_SEGMENTS_SHOWN = 500


def write_pictures(report: TimelineReport, out: Path) -> list[Path]:
    """Write the picture and the page, named after the timeline.

    Parameters
    ----------
    report : TimelineReport
        A recording and its activities.
    out : Path
        File of the timeline.

    Returns
    -------
    list of Path
        Files that were written: PNG and HTML.

    Raises
    ------
    RunError
        If a file cannot be written.
    """
    png, html = beside(out, "", ".png"), beside(out, "", ".html")
    picture = picture_of(report)
    with writing_to(out, "file"):
        write_text(html, page_of(report, picture, out.stem))
        save_png(picture.figure, png, dpi=150)
    return [png, html]


def picture_of(report: TimelineReport) -> Picture:
    """Draw signals over the activities."""
    recording, totals = report.recording, report.totals
    shares = [f"{activity_label(a)} {percent(row['share'], 0)}" for a, row in totals.iterrows()]
    return Picture(
        timeline_figure(recording, report.bands, report.activities),
        f"Signals of {Path(recording.source).name} over time; {', '.join(shares)}.",
    )


def page_of(report: TimelineReport, picture: Picture, table: str) -> str:
    """Render one page that needs no other file.

    Parameters
    ----------
    report : TimelineReport
        A recording and its activities.
    picture : Picture
        Its picture, from `picture_of`.
    table : str
        Prefix of the names of the tables' files.

    Returns
    -------
    str
        HTML.
    """
    environment = page_environment([*report.activities, UNKNOWN])
    timeline, n_strange, n_changed = report.timeline, report.n_strange, report.n_changed
    return environment.get_template("timeline.html").render(
        title=Path(report.recording.source).name,
        model=report.model,
        version=__version__,
        duration_s=report.recording.duration_s,
        window_s=float(timeline["end_s"].iloc[0] - timeline["start_s"].iloc[0]),
        svg=picture.drawn("timeline"),
        totals=[(activity, dict(row)) for activity, row in report.totals.iterrows()],
        segments=report.segments.head(_N_SEGMENTS_SHOWN).to_dict("records"),
        n_segments=len(report.segments),
        table=f"{table}-segments",
        agreement=report.agreement,
        abstain_below=report.abstain_below,
        n_unknown=report.n_unknown,
        n_windows=len(timeline),
        notes=report.recording.notes,
        doubts=report.doubts,
        changed=None if n_changed is None else report.changed_in_words(n_changed),
        strange=None if n_strange is None else report.strange_in_words(n_strange),
    )
