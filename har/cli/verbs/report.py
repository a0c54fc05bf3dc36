"""``har report``: write the page of a run again, or what there is to show of it."""

from __future__ import annotations

import logging
from pathlib import Path

from har.cli.options import at_root
from har.datasets.loading import find_data
from har.report.pages.run import write_report
from har.report.pages.unfinished import write_unfinished_report
from har.runs.folder import RunFolder

logger = logging.getLogger(__name__)


def run(*, run: Path, data_root: str | None = None) -> None:
    """Write a run's report again, or what there is of it, from what is in its folder.

    Parameters
    ----------
    run : Path
        Folder of the run.
    data_root : str, optional
        Folder or zip with the data set; by default that of the training.
    """
    folder = RunFolder.open(run)
    if not folder.is_scored:
        print(f"report so far: {write_unfinished_report(folder)}")
        return
    data = find_data(at_root(folder.read_config().data, data_root))
    if data is None:
        logger.warning("its data is not at hand, so mistakes are listed without their signals")
    print(f"report: {write_report(folder, data.test if data else None)}")
