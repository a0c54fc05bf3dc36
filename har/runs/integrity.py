"""Digests by which a folder's files are known again as those that were saved.

A manifest has the size and SHA-256 of files of its folder, and is sealed by a digest of its own
content, as are JSON files that stand alone. Digests find damage, and files of different runs that
got mixed up; whoever can write all files of a folder can write digests that fit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from har.errors import RunError
from har.runs.json_object import INTEGER, TEXT, JsonObject

# Keys of a sealed JSON object: its own digest, and in a manifest those of files by their names.
SEAL = "sha256"
FILES = "files"


@dataclass(frozen=True)
class Digest:
    """Size and SHA-256 of a file.

    Parameters
    ----------
    sha256 : str
        Hexadecimal digits.
    n_bytes : int
        Size.
    """

    sha256: str
    n_bytes: int

    @classmethod
    def of(cls, content: bytes) -> Digest:
        """Work out the digest of a file's content."""
        return cls(hashlib.sha256(content).hexdigest(), len(content))

    def check(self, content: bytes, file: Path) -> None:
        """Refuse content that is not what the digest was worked out of.

        Raises
        ------
        RunError
            If it is another.
        """
        if self != Digest.of(content):
            raise RunError(
                f"{file}: found another file than was saved, expected the {self.n_bytes:,} bytes "
                f"with the SHA-256 {self.sha256[:12]}… that the folder's manifest names"
            )


def sealed(content: Mapping[str, object]) -> dict[str, object]:
    """Return a JSON object with a digest of all its other values."""
    bare = {key: value for key, value in content.items() if key != SEAL}
    return {**bare, SEAL: _seal_of(bare)}


def _seal_of(content: Mapping[str, object]) -> str:
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def is_sealed(content: JsonObject) -> bool:
    """Return whether an object has a digest of itself; those of earlier versions have none.

    Raises
    ------
    RunError
        If it has one that is not of these values, or lacks it and has digests of files.
    """
    if SEAL not in content.content and FILES not in content.content:
        return False
    if content.content.get(SEAL) != sealed(content.content)[SEAL]:
        raise RunError(
            f"{content.place}: found other values than were saved, expected those with the "
            f"{SEAL} that it names"
        )
    return True


def digests_in(manifest: JsonObject) -> dict[str, Digest] | None:
    """Return the digests of files by their names; None in a manifest of an earlier version.

    Raises
    ------
    RunError
        As `is_sealed`, or if a digest is none.
    """
    files = manifest.inner(FILES) if is_sealed(manifest) else None
    if files is None:
        return None
    each = {name: files.inner(name) for name in files.content}
    return {
        name: Digest(digest.required("sha256", TEXT), digest.required("n_bytes", INTEGER))
        for name, digest in each.items()
        if digest is not None
    }


def with_digests(
    manifest: Mapping[str, object], digests: Mapping[str, Digest]
) -> dict[str, object]:
    """Return the values of a manifest with digests of files, sealed."""
    return sealed({**manifest, FILES: {name: asdict(digests[name]) for name in sorted(digests)}})
