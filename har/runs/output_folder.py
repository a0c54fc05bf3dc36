"""The base of the folders of a run, a cross-validation and a search.

::

    config.yaml    every setting, as resolved
    manifest.json  versions, data, git state, times
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from har.config import Config
from har.errors import RunError
from har.files import remove_leftovers, write_text, writing_to
from har.recipes import load_config, save_config
from har.runs.json_object import JsonObject
from har.runs.manifest import Manifest
from har.runs.provenance import now


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
        save_config(config, self.config)

    def read_config(self) -> Config:
        """Read every setting back; a damaged file is a `ConfigError`."""
        return load_config(self.config)

    def write_json(self, file: Path, content: Mapping[str, object]) -> None:
        """Write one of the folder's JSON files."""
        write_text(file, json.dumps(content, indent=2) + "\n")

    def read_json(self, file: Path) -> dict[str, Any]:
        """Read one of the folder's JSON files.

        Raises
        ------
        RunError
            If it is missing or is no JSON object.
        """
        return dict(_read_object(file).content)

    def read_manifest(self) -> Manifest:
        """Read the manifest as it is so far.

        Raises
        ------
        RunError
            If it is missing or damaged.
        """
        return Manifest.from_dict(_read_object(self.manifest))

    def update_manifest(self, known: Manifest) -> None:
        """Write all that is known to the manifest; its other keys stay as they are."""
        earlier = self.read_json(self.manifest) if self.manifest.exists() else {}
        self.write_json(self.manifest, {**earlier, **known.to_dict()})

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


def read_text(file: Path) -> str:
    """Read a file of a folder; one that is missing or is no text is a `RunError`."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text"
        raise RunError(f"{file}: found {reason}, expected a file of a finished run") from error


def _read_object(file: Path) -> JsonObject:
    return JsonObject.parse(read_text(file), str(file))
