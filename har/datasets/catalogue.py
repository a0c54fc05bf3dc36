"""Published data sets: their names, addresses and citations.

Imports the standard library only, since the command line's help reads it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedSet:
    """A data set as its authors publish it.

    Parameters
    ----------
    name : str
        Name in messages and reports.
    page : str
        Address of its page, which states its terms.
    form : str
        Description of the files of a copy.
    credit : str
        Short citation required by its terms.
    citation : str
        Full citation of the publication.
    people : str
        The people who were measured, and where.
    device : str
        Device that measured them, and where it was worn.
    terms : str
        Its terms of use, besides the citation.
    url : str or None
        Address of its zip in the UCI archive; None: it is to be got by hand from its page.
    file : str
        File name of the downloaded zip.
    n_megabytes : int
        Size of that zip, about.
    is_at_waist : bool
        Whether it is a phone across the waist, x up.
    """

    name: str
    page: str
    form: str
    credit: str
    citation: str
    people: str
    device: str
    terms: str
    url: str | None = None
    file: str = ""
    n_megabytes: int = 0
    is_at_waist: bool = False


def _zip(number: int, name: str) -> str:
    return f"https://archive.ics.uci.edu/static/public/{number}/{name}.zip"


_UCI = "https://archive.ics.uci.edu/dataset/"
_WAIST = "a phone worn at the waist"
_LABORATORY = "30 volunteers of 19 to 48 years in a laboratory"
_NOT_COMMERCIAL = "no commercial use"
_CC_BY = "licence CC BY 4.0"

UCI_HAR = PublishedSet(
    name="UCI HAR",
    page=f"{_UCI}240",
    url=_zip(240, "human+activity+recognition+using+smartphones"),
    file="uci-har-dataset.zip",
    n_megabytes=61,
    form="train/Inertial Signals/ and the like in a folder or a zip, or HAPT's RawData/",
    credit="Anguita et al. (ESANN 2013), and Reyes-Ortiz et al. (Neurocomputing 2016) for raw "
    "recordings",
    citation="D. Anguita, A. Ghio, L. Oneto, X. Parra and J. L. Reyes-Ortiz, “A Public Domain "
    "Dataset for Human Activity Recognition Using Smartphones”, ESANN 2013, Bruges.",
    people=_LABORATORY,
    device=_WAIST,
    terms=_NOT_COMMERCIAL,
    is_at_waist=True,
)
HAPT = PublishedSet(
    name="HAPT",
    page=f"{_UCI}341",
    url=_zip(341, "smartphone+based+recognition+of+human+activities+and+postural+transitions"),
    file="hapt.zip",
    n_megabytes=81,
    form="RawData/ with recordings and labels.txt in a folder or a zip, as in dataset 341 of the "
    "UCI archive (the package index has the recordings without labels.txt)",
    credit="Reyes-Ortiz et al. (Neurocomputing 2016)",
    citation="J. L. Reyes-Ortiz, L. Oneto, A. Samà, X. Parra and D. Anguita, “Transition-Aware "
    "Human Activity Recognition Using Smartphones”, Neurocomputing 171, 2016.",
    people=_LABORATORY,
    device=_WAIST,
    terms=_NOT_COMMERCIAL,
    is_at_waist=True,
)
MOTIONSENSE = PublishedSet(
    name="MotionSense",
    page="https://github.com/mmalekzadeh/motion-sense",
    form="A_DeviceMotion_data/ with folders such as wlk_7 of sub_1.csv and so on, in a folder or a "
    "zip",
    credit="Malekzadeh et al. (IoTDI 2019)",
    citation="M. Malekzadeh, R. G. Clegg, A. Cavallaro and H. Haddadi, “Mobile Sensor Data "
    "Anonymization”, IoTDI 2019, Montreal.",
    people="people of 18 to 46 years on a campus",
    device="a phone in the front pocket of the trousers",
    terms="MIT licence",
)
WISDM_2011 = PublishedSet(
    name="WISDM (2011)",
    page="https://www.cis.fordham.edu/wisdm/dataset.php",
    form="WISDM_ar_v1.1_raw.txt in a folder or a zip (its .tar.gz is to be unpacked)",
    credit="Kwapisz, Weiss and Moore (SIGKDD Explorations 2011)",
    citation="J. R. Kwapisz, G. M. Weiss and S. A. Moore, “Activity Recognition using Cell Phone "
    "Accelerometers”, ACM SIGKDD Explorations 12(2), 2011.",
    people="volunteers in a laboratory",
    device="a phone in the front pocket of the trousers",
    terms="its readme must go with copies",
)
WISDM_2019 = PublishedSet(
    name="WISDM (2019)",
    page=f"{_UCI}507",
    url=_zip(507, "wisdm+smartphone+and+smartwatch+activity+and+biometrics+dataset"),
    file="wisdm-2019.zip",
    n_megabytes=295,
    form="raw/phone/accel/data_1600_accel_phone.txt and the like in a folder or a zip",
    credit="Weiss, Yoneda and Hayajneh (IEEE Access 2019)",
    citation="G. M. Weiss, K. Yoneda and T. Hayajneh, “Smartphone and Smartwatch-Based Biometrics "
    "Using Activities of Daily Living”, IEEE Access 7, 2019.",
    people="people at a university",
    device="a phone in a trouser pocket, or a watch on the dominant hand",
    terms=_CC_BY,
)
PAMAP2 = PublishedSet(
    name="PAMAP2",
    page=f"{_UCI}231",
    url=_zip(231, "pamap2+physical+activity+monitoring"),
    file="pamap2.zip",
    n_megabytes=657,
    form="Protocol/ with subject101.dat and so on in a folder or a zip",
    credit="Reiss and Stricker (ISWC 2012)",
    citation="A. Reiss and D. Stricker, “Introducing a New Benchmarked Dataset for Activity "
    "Monitoring”, ISWC 2012, Newcastle.",
    people="people of 27 years on average, most of them employees or students of one institute",
    device="an inertial sensor on the chest, the wrist or the ankle",
    terms=_CC_BY,
)
MHEALTH = PublishedSet(
    name="MHEALTH",
    page=f"{_UCI}319",
    url=_zip(319, "mhealth+dataset"),
    file="mhealth.zip",
    n_megabytes=75,
    form="mHealth_subject1.log and so on in a folder or a zip",
    credit="Banos et al. (IWAAL 2014)",
    citation="O. Banos, R. Garcia, J. A. Holgado-Terriza, M. Damas, H. Pomares, I. Rojas, A. Saez "
    "and C. Villalonga, “mHealthDroid: A Novel Framework for Agile Development of Mobile Health "
    "Applications”, IWAAL 2014, Belfast.",
    people="volunteers outside a laboratory",
    device="an inertial sensor on the left ankle, the right lower arm or the chest",
    terms=_CC_BY,
)
HHAR = PublishedSet(
    name="HHAR",
    page=f"{_UCI}344",
    url=_zip(344, "heterogeneity+activity+recognition"),
    file="hhar.zip",
    n_megabytes=772,
    form="Phones_accelerometer.csv, Phones_gyroscope.csv and Watch_… in a folder or a zip",
    credit="Stisen et al. (SenSys 2015)",
    citation="A. Stisen, H. Blunck, S. Bhattacharya, T. S. Prentow, M. B. Kjærgaard, A. Dey, "
    "T. Sonne and M. M. Jensen, “Smart Devices are Different: Assessing and Mitigating Mobile "
    "Sensing Heterogeneities for Activity Recognition”, SenSys 2015, Seoul.",
    people="people of 25 to 30 years on routes of a city",
    device="phones in a pouch about the waist, or watches",
    terms=_CC_BY,
)
UNIMIB_SHAR = PublishedSet(
    name="UniMiB SHAR",
    page="http://www.sal.disco.unimib.it/technologies/unimib-shar/",
    form="acc_data.mat and acc_labels.mat in a folder or a zip",
    credit="Micucci, Mobilio and Napoletano (Applied Sciences 2017)",
    citation="D. Micucci, M. Mobilio and P. Napoletano, “UniMiB SHAR: A Dataset for Human Activity "
    "Recognition Using Acceleration Data from Smartphones”, Applied Sciences 7(10), 2017.",
    people="people of 18 to 60 years",
    device="a phone in a pocket of the trousers, left or right",
    terms="terms on its page",
)
# Keyed by their names in settings.
PUBLISHED = {
    "uci_har": UCI_HAR,
    "hapt": HAPT,
    "motionsense": MOTIONSENSE,
    "wisdm_2011": WISDM_2011,
    "wisdm_2019": WISDM_2019,
    "pamap2": PAMAP2,
    "mhealth": MHEALTH,
    "hhar": HHAR,
    "unimib_shar": UNIMIB_SHAR,
}
