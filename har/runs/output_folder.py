"""The base of the folders of a run, a cross-validation and a search.

::

    config.yaml    every setting, as resolved
    manifest.json  versions, data, git state, times; digests of other files, and of itself

The manifest binds files of the folder together: each that is written is entered with its digest,
see `har.runs.integrity`, and each that is read is compared.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from har.config import Config
from har.errors import HarError, RunError, reason_of
from har.files import read_regular, remove_leftovers, write_text, writing_to
from har.recipes import load_config, save_config
from har.runs.integrity import FILES, Digest, digests_in, sealed, with_digests
from har.runs.json_object import MOST_BYTES, JsonObject
from har.runs.manifest import Manifest
from har.runs.provenance import now

logger = logging.getLogger(__name__)

# Bytes of a table or of weights: 100 times those of a real one, and no more than memory has.
_MOST_BYTES_OF_DATA = 1 << 30
# Of a file that is larger than was saved, so much more is read to say that it is another.
_LEEWAY = 1 << 20


class PathInside:
    """A path in a folder, by its name there; each module of a folder begins with these names."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, folder: OutputFolder, _type: type) -> Path:
        return folder.path / self._name


@dataclass(frozen=True)
class OutputFolder:
    """A folder with settings and a manifest.

    Parameters
    ----------
    path : Path
        An existing folder.
    """

    path: Path

    config = PathInside("config.yaml")
    manifest = PathInside("manifest.json")
    # Names of the files whose digests the manifest has.
    bound: ClassVar[tuple[str, ...]] = ("config.yaml",)
    # Names of those that may be without a digest: while they grow, or are being replaced.
    changing: ClassVar[tuple[str, ...]] = ("config.yaml",)

    def _make(self, expected: str, may_be_filled: bool = False) -> None:
        """Make the folder and those above it, naming in a refusal what was `expected`."""
        with writing_to(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            remove_leftovers(self.path)
            if any(self.path.iterdir()) and not may_be_filled:
                raise RunError(
                    f"{self.path}: found a folder that is not empty, expected {expected}"
                )

    def write_config(self, config: Config) -> None:
        """Keep every setting."""
        # Whoever is killed in between leaves settings that can be read: no training goes on
        # without them.
        self._unbind(self.config)
        save_config(config, self.config)
        self._bind(self.config)

    def read_config(self) -> Config:
        """Read every setting back; a damaged file is a `HarError`."""
        if self._digest_of(self.config) is not None:
            self.read_bytes(self.config, MOST_BYTES)
        return load_config(self.config)

    def write_json(self, file: Path, content: Mapping[str, object]) -> None:
        """Write one of the folder's JSON files."""
        is_manifest = file == self.manifest
        if is_manifest and FILES in content:
            content = sealed(content)
        write_text(file, json.dumps(content, indent=2) + "\n")
        if not is_manifest:
            self._bind(file)

    def read_json(self, file: Path) -> dict[str, Any]:
        """Read one of the folder's JSON files.

        Raises
        ------
        RunError
            If it is missing, is no JSON object, or is not the file that was saved.
        """
        return dict(self.read_object(file).content)

    def read_object(self, file: Path) -> JsonObject:
        """Read one of the folder's JSON files as values to check; see `read_json`."""
        parsed = JsonObject.parse(self.read_text(file), str(file))
        if file == self.manifest:
            digests_in(parsed)
        return parsed

    def read_text(self, file: Path, n_bytes: int = MOST_BYTES) -> str:
        """Read one of the folder's files as text; see `read_bytes`."""
        try:
            return self.read_bytes(file, n_bytes).decode("utf-8")
        except UnicodeDecodeError as error:
            raise _unreadable(file, "no text") from error

    def read_bytes(self, file: Path, n_bytes: int = _MOST_BYTES_OF_DATA) -> bytes:
        """Read one of the folder's files.

        Parameters
        ----------
        file : Path
            Its path.
        n_bytes : int
            Largest size that is read, far above that of real files.

        Returns
        -------
        bytes

        Raises
        ------
        RunError
            If it is missing, no regular file or larger, or is not the file that was saved.
        """
        digest = self._digest_of(file)
        if digest is not None:
            n_bytes = min(n_bytes, digest.n_bytes + _LEEWAY)
        try:
            content = read_regular(file, n_bytes)
        except OSError as error:
            raise _unreadable(file, reason_of(error)) from error
        if digest is not None:
            digest.check(content, file)
        return content

    def _digest_of(self, file: Path) -> Digest | None:
        """Return the digest of a file; None if none was kept of it."""
        digests = self._digests() if self._is_to_bind(file) else None
        if digests is None:
            return None
        if file.name not in {*digests, *self.changing} and file.exists():
            raise RunError(
                f"{file}: found a file that {self.manifest.name} does not name, expected only "
                "those that were saved together"
            )
        return digests.get(file.name)

    def _is_to_bind(self, file: Path) -> bool:
        return file.name in self.bound and file.parent == self.path

    def _is_without(self, file: Path) -> bool:
        """Return whether there is no such file, nor ever was; one that is gone is not without."""
        return not file.exists() and self._digest_of(file) is None

    def _digests(self) -> dict[str, Digest] | None:
        return digests_in(self.read_object(self.manifest)) if self.manifest.exists() else None

    def _bind(self, *files: Path) -> None:
        """Enter files in the manifest that were just written or removed."""
        if not any(map(self._is_to_bind, files)):
            return
        digests = self._digests()
        if digests is None:
            # What an earlier version, or nobody, has bound, is from now on.
            digests, files = {}, tuple(self.path / name for name in self.bound)
        there = {file.name: Digest.of(file.read_bytes()) for file in files if file.is_file()}
        gone = {file.name for file in files} - set(there)
        self._write_digests(
            {name: digest for name, digest in {**digests, **there}.items() if name not in gone}
        )

    def _unbind(self, file: Path) -> None:
        """Leave a file out of the manifest because it is going to change."""
        digests = self._digests() or {}
        if digests.pop(file.name, None) is not None:
            self._write_digests(digests)

    def _write_digests(self, digests: Mapping[str, Digest]) -> None:
        known = self.read_json(self.manifest) if self.manifest.exists() else {}
        self.write_json(self.manifest, with_digests(known, digests))

    def read_manifest(self) -> Manifest:
        """Read the manifest as it is so far.

        Raises
        ------
        RunError
            If it is missing or damaged.
        """
        return Manifest.from_dict(self.read_object(self.manifest))

    @property
    def is_bound(self) -> bool:
        """Whether the manifest has digests, as since they are written."""
        return self._digests() is not None

    def warn_if_unbound(self) -> None:
        """Log that nothing shows whether the files belong together, if no digests were kept."""
        if not self.is_bound:
            logger.warning(
                "%s: found no digests in it, as in folders of earlier versions: whether its files "
                "are those that were saved together cannot be checked",
                self.manifest,
            )

    def update_manifest(self, known: Manifest) -> None:
        """Write all that is known to the manifest; its other keys stay as they are."""
        is_new = not self.manifest.exists()
        earlier = with_digests({}, {}) if is_new else self.read_json(self.manifest)
        self.write_json(self.manifest, {**earlier, **known.to_dict()})

    @contextmanager
    def noting_early_end(self) -> Iterator[None]:
        """Note in the manifest how a block ends if that is early, by a signal or an error."""
        try:
            yield
        except (KeyboardInterrupt, Exception) as error:
            is_stopped = isinstance(error, KeyboardInterrupt)
            words = str(error) if isinstance(error, HarError) else reason_of(error)
            # Where the disk is full, that is the failure to report.
            with suppress(OSError, HarError):
                if is_stopped:
                    self.mark_ended("interrupted")
                else:
                    self.mark_ended("failed", failure=words)
            raise

    def mark_ended(
        self, status: str, failure: str | None = None, duration_s: float | None = None
    ) -> None:
        """Write to the manifest that a command ended now, and how.

        Parameters
        ----------
        status : str
            ``finished``, ``interrupted`` or ``failed``.
        failure : str or None
            Reason of a failure.
        duration_s : float or None
            Time that training took.
        """
        self.update_manifest(
            Manifest(status=status, finished=now(), duration_s=duration_s, failure=failure)
        )


def _unreadable(file: Path, reason: str) -> RunError:
    return RunError(f"{file}: found {reason}, expected a file of a finished run")
