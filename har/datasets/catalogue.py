"""Published data sets: their names, addresses and citations.

Imports the standard library only, since the command line's help reads it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedSet:
    """A data set in the UCI archive.

    Parameters
    ----------
    name : str
        Name in messages and reports.
    page, url : str
        Addresses of its page, which states its terms, and of its zip.
    file : str
        File name of the downloaded zip.
    form : str
        Description of the files of a copy.
    credit : str
        Short citation required by its terms.
    citation : str
        Full citation of the publication.
    """

    name: str
    page: str
    url: str
    file: str
    form: str
    credit: str
    citation: str


UCI_HAR = PublishedSet(
    name="UCI HAR",
    page="https://archive.ics.uci.edu/dataset/240",
    url="https://archive.ics.uci.edu/static/public/240/"
    "human+activity+recognition+using+smartphones.zip",
    file="uci-har-dataset.zip",
    form="train/Inertial Signals/ and the like in a folder or a zip, or HAPT's RawData/",
    credit="Anguita et al. (ESANN 2013), and Reyes-Ortiz et al. (Neurocomputing 2016) for raw "
    "recordings",
    citation="D. Anguita, A. Ghio, L. Oneto, X. Parra and J. L. Reyes-Ortiz, “A Public Domain "
    "Dataset for Human Activity Recognition Using Smartphones”, ESANN 2013, Bruges.",
)
HAPT = PublishedSet(
    name="HAPT",
    page="https://archive.ics.uci.edu/dataset/341",
    url="https://archive.ics.uci.edu/static/public/341/"
    "smartphone+based+recognition+of+human+activities+and+postural+transitions.zip",
    file="hapt.zip",
    form="RawData/ with recordings and labels.txt in a folder or a zip, as in dataset 341 of the "
    "UCI archive (the package index has the recordings without labels.txt)",
    credit="Reyes-Ortiz et al. (Neurocomputing 2016)",
    citation="J. L. Reyes-Ortiz, L. Oneto, A. Samà, X. Parra and D. Anguita, “Transition-Aware "
    "Human Activity Recognition Using Smartphones”, Neurocomputing 171, 2016.",
)
# Keyed by their names in settings.
PUBLISHED = {"uci_har": UCI_HAR, "hapt": HAPT}
