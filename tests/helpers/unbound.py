"""Folders as earlier versions left them, without digests of their files."""

from __future__ import annotations

import json


def unbind(folder):
    """Remove the digests from a manifest, so that files may be changed; return the folder.

    Parameters
    ----------
    folder : OutputFolder
        Folder of a run or a cross-validation.
    """
    content = json.loads(folder.manifest.read_text())
    del content["files"], content["sha256"]
    folder.manifest.write_text(json.dumps(content))
    return folder
