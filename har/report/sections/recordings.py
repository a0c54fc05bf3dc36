"""Whole recordings: timelines against what people did, by time, by segments and by changes."""

from __future__ import annotations

from har.evaluation.recordings import RecordingEvaluation
from har.evaluation.scored_recordings import ScoredRecording
from har.report.recording_figures import WAYS, figure_rows
from har.report.scored_run import ScoredRun
from har.report.section import Picture, Section
from har.report.timeline_figure import bands_figure
from har.report.wording import activity_label, percent
from har.signals.subjects import Subject


def recordings_section(run: ScoredRun) -> Section | None:
    """Make the section on whole recordings, or None if they were not scored."""
    recordings = run.results.recordings
    if recordings is None:
        return None
    way = recordings.ways[0]
    by_accuracy = recordings.accuracy_by_subject(way)
    # The hardest person and the easiest; one person is both.
    people = dict.fromkeys([min(by_accuracy, key=by_accuracy.__getitem__), *[*by_accuracy][-1:]])
    shown = {f"recordings_subject_{number}": person for number, person in enumerate(people, 1)}
    return Section(
        "recordings",
        "Recordings",
        {
            "n_recordings": len(recordings.recordings),
            "n_people": len(recordings.subjects),
            "labelled_s": recordings.labelled_s,
            "ways": [WAYS[name] for name in recordings.ways],
            "rows": figure_rows(recordings.figures),
            "segments": list(recordings.segment_scores(way).items()),
            "shown": [(name, who, by_accuracy[who]) for name, who in shown.items()],
        },
        {name: _picture(recordings, who, by_accuracy[who]) for name, who in shown.items()},
    )


def _picture(recordings: RecordingEvaluation, subject: Subject, accuracy: float) -> Picture:
    """Draw the longest recording of a person: the true activities above the predicted ones."""
    of_person = [one for one in recordings.recordings if one.subject == subject]
    one = max(of_person, key=lambda recording: recording.duration_s)
    bands = {"true": one.truth}
    bands |= {WAYS[way]: one.named[way].segments for way in reversed(recordings.ways)}
    return Picture(
        bands_figure(bands, recordings.activities, one.duration_s),
        f"Subject {subject}: what they did, and below what the network said, over the time of a "
        f"recording. {percent(accuracy)} of the labelled time is right. {_in_words(one)}",
    )


def _in_words(one: ScoredRecording) -> str:
    """List what a person did, in order."""
    order = ", ".join(map(activity_label, one.truth["activity"]))
    return f"In order, they did: {order}."
