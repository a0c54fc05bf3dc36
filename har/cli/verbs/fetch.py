"""``har fetch``: download a published data set, unless it is there already."""

from __future__ import annotations

from pathlib import Path

from har.config import DataConfig, DataSetKind
from har.datasets.catalogue import PUBLISHED
from har.datasets.loading import fetch_data


def run(*, data_set: DataSetKind = "uci_har", to: Path = Path("data")) -> None:
    """Download a published data set, unless it is there already.

    Parameters
    ----------
    data_set : str
        Published data set, a key of `har.datasets.catalogue.PUBLISHED`.
    to : Path
        Folder for the file that is downloaded.
    """
    data = fetch_data(DataConfig(set=data_set), to)
    published = PUBLISHED[data_set]
    n_train, n_test = len(data.train), len(data.test)
    print(f"{data.name}, {data.source}: {n_train} training and {n_test} test windows")
    print(f"Use must cite {published.credit}; {published.terms}. Terms: {published.page}")
