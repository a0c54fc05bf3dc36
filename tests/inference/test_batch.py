from __future__ import annotations

from pathlib import Path

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from har.inference.batch import BatchFolder, BatchJob, BatchResult, timeline_names

NAMES = st.sampled_from(["a.csv", "a.txt", "sub/a.csv", "b.csv", "sub/deep/c.csv"])


def result(name, error=None):
    if error:
        return BatchResult(f"{name}.csv", f"{name}-timeline.csv", "key", error=error)
    seconds = {"WALKING": 9.0, "UNKNOWN": 1.0}
    kept = (f"{name}.csv", f"{name}-timeline.csv", "key")
    return BatchResult(*kept, 10.0, 7, seconds, 0.1, ("stuck", "loud"))


@given(st.lists(NAMES, min_size=1, unique=True))
def test_no_two_timelines_have_the_same_name(names):
    found = timeline_names([Path("data") / name for name in names])
    assert len(set(found)) == len(names)
    assert not any(name.startswith(("/", "..")) for name in found)


def test_timelines_lie_as_the_recordings_do():
    files = [Path("data/a.csv"), Path("data/sub/a.csv"), Path("data/a.txt")]
    expected = ["a.csv-timeline.csv", "sub/a-timeline.csv", "a.txt-timeline.csv"]
    assert timeline_names(files) == expected


def test_what_is_kept_is_done_if_file_run_and_options_are_the_same(tmp_path):
    folder = BatchFolder.start(tmp_path / "new" / "out")
    folder.keep(result("a"))
    (folder.path / "a-timeline.csv").touch()
    job = BatchJob(Path("a.csv"), "a-timeline.csv", "key")
    again = BatchFolder.start(folder.path)
    assert again.finished([job]) == [result("a")]
    assert again.finished([BatchJob(job.file, job.timeline, "other")]) == []


def test_a_timeline_that_was_deleted_is_not_done(tmp_path):
    folder = BatchFolder.start(tmp_path)
    folder.keep(result("a"))
    assert folder.finished([BatchJob(Path("a.csv"), "a-timeline.csv", "key")]) == []


def test_a_line_that_was_cut_off_costs_one_recording(tmp_path):
    folder = BatchFolder.start(tmp_path)
    for name in ("a", "b"):
        folder.keep(result(name))
        (tmp_path / f"{name}-timeline.csv").touch()
    log = tmp_path / "finished.jsonl"
    log.write_text(log.read_text()[:-20])
    jobs = [BatchJob(Path(f"{name}.csv"), f"{name}-timeline.csv", "key") for name in ("a", "b")]
    assert [done.file for done in folder.finished(jobs)] == ["a.csv"]
    folder.keep(result("b"))
    assert [done.file for done in folder.finished(jobs)] == ["a.csv", "b.csv"]


def test_the_summary_has_a_row_for_each_recording(tmp_path):
    folder = BatchFolder.start(tmp_path)
    file = folder.write_summary([result("a"), result("b", "b.csv: broken")], ["WALKING", "SITTING"])
    table = pd.read_csv(file)
    assert table["file"].tolist() == ["a.csv", "b.csv"]
    one, other = table.to_dict("records")
    assert one["seconds_WALKING"] == 9
    assert one["seconds_SITTING"] == 0
    assert one["seconds_UNKNOWN"] == 1
    assert one["doubts"] == "stuck; loud"
    assert other["error"] == "b.csv: broken"
    assert pd.isna([other["duration_s"], other["seconds_WALKING"], other["timeline"]]).all()
