"""Labelled recordings of one person, for a model that shall be adapted to them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from har.config import DataConfig, Sensors, Upright
from har.datasets.named_windows import join_windows
from har.datasets.own.labelled_recordings import (
    LabelledRecording,
    MakeUpright,
    made_upright_along_x,
    read_windows,
)
from har.datasets.own.recordings_table import LabelledFile, ReadingSettings
from har.datasets.own.spellings import folded
from har.datasets.own_recordings import read_own_recordings
from har.errors import DataError, UsageError, listed, quoted
from har.reading.tables.opening import open_table
from har.signals.channels import RAW_CHANNELS
from har.signals.filters import channels_from
from har.signals.subjects import subjects_from_text
from har.signals.windows import Windows

# Headings of a column of labels, as recorders of labelled data name it.
LABEL_COLUMNS = ("activity", "label")


def read_taught(
    path: Path,
    person: str | None,
    sensors: Sensors,
    upright: Upright | None = None,
    make_upright: MakeUpright = made_upright_along_x,
) -> Windows:
    """Read the labelled windows of one person.

    Parameters
    ----------
    path : Path
        Folder with ``recordings.csv``, as of a user's own data set, or a table with a column of
        labels, `LABEL_COLUMNS`, beside the signals.
    person : str or None
        Person to choose of a folder, if there are several; of a table, the name to give them.
    sensors : {"all", "acc"}
        All sensors, or the accelerometer alone.
    upright : {"x", "-x", "y", "-y", "z", "-z", "auto"}, optional
        Axis of the phone that points up while its person stands, unless the folder says so.
    make_upright : callable
        Function that turns recordings if that is told, such as `RecordingClassifier.make_upright`.

    Returns
    -------
    Windows
        In the order of the recordings, with the activities that they name.

    Raises
    ------
    DataError
        If something cannot be read, or nothing is labelled.
    UsageError
        If there are several people, and none of them is chosen.
    """
    config = DataConfig(set="recordings", sensors=sensors, upright=upright)
    if path.is_dir():
        return _of_person(_of_folder(path, config, make_upright), person, path)
    windows = _of_table(path, person, config, make_upright)
    if not len(windows):
        raise DataError(f"{path}: found no window with an activity, expected some")
    return windows


def _of_folder(folder: Path, config: DataConfig, make_upright: MakeUpright) -> Windows:
    config = replace(config, root=str(folder))
    return read_own_recordings(folder, config, False, make_upright).train


def _of_person(windows: Windows, person: str | None, place: Path) -> Windows:
    people = windows.subject_names
    asked = [one for one in people if person is None or folded(str(one)) == folded(person)]
    if len(asked) != 1:
        found = "nobody" if person is None else quoted(person)
        raise UsageError(
            f"{place}: found {len(people)} people and {found} to adapt to, expected one: --person "
            f"with one of {listed(people)}"
        )
    return windows.of_subjects(asked)


def _of_table(
    file: Path, person: str | None, config: DataConfig, make_upright: MakeUpright
) -> Windows:
    headings = {name.strip().casefold(): name for name in open_table(file).headings}
    column = next((headings[name] for name in LABEL_COLUMNS if name in headings), None)
    if column is None:
        raise DataError(
            f"{file}: found no column of labels, expected {' or '.join(LABEL_COLUMNS)}, or a "
            "folder with recordings.csv"
        )
    who = person or file.stem
    labelled = LabelledRecording(LabelledFile(file, who, ReadingSettings(), (), column), who)
    has_all = config.sensors == "all"
    piece = read_windows(labelled, has_all, config, make_upright)
    channels = channels_from(RAW_CHANNELS if has_all else RAW_CHANNELS[:3])
    return join_windows([piece], subjects_from_text([who]), channels)
